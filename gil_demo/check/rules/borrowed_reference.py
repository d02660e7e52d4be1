"""C uses a borrowed reference across a block.

Mechanism:
    ``PyList_GET_ITEM`` and its like lend a reference: the list owns the object. In the block
    another thread may take the object out of the list, which frees it and its memory, while C
    still works on a pointer into it.

Not found:
    References that another function has borrowed. Items of a tuple are not reported, because a
    tuple does not change.

Sources:
    - https://docs.python.org/3/extending/extending.html#thin-ice
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import lru_cache

from gil_demo.check.bodies import names_after, result_of
from gil_demo.check.rule import CheckedFile, Found
from gil_demo.words import Level

LEVEL: Level = "advice"
FLAGS = ("borrowed_reference",)
INSTEAD = (
    "Own a reference before BEGIN, with PyList_GetItemRef (from 3.13 on) or its like, or with"
    " Py_INCREF where there is a GIL; give it back with Py_DECREF after END."
)

BORROWS = result_of(
    r"PyList_GET_ITEM|PyList_GetItem|PyDict_GetItem\w*|PyWeakref_GetObject|PyWeakref_GET_OBJECT|"
    r"PySequence_Fast_GET_ITEM"
)
POINTS_INTO = re.compile(
    r"\b(?:PyArray_(?:DATA|BYTES|GETPTR\d)|PyBytes_AS_STRING|PyBytes_AsString|"
    r"PyUnicode_AsUTF8\w*|PyByteArray_\w+)\s*\(\s*(?:\([^()]*\)\s*)?([A-Za-z_]\w*)\b"
)
OWNS = re.compile(r"\b(?:Py_X?INCREF|Py_X?NewRef|PyObject_GetBuffer)\s*\(")


def find(file: CheckedFile) -> Iterator[Found]:
    """Find pointers into borrowed objects that are taken before a block."""
    for flow in file.flows:
        begins = [event.start for event in flow.events if event.kind == "begin"]
        if not begins:
            continue
        body, base = flow.function.body, flow.function.opening
        for match in BORROWS.finditer(body):
            name, start = match[1], base + match.start(2)
            after = bisect_right(begins, start)
            if after == len(begins) or name in names_after(body, OWNS):
                continue
            if _points_into(body, name, match.end(), begins[after] - base):
                message = f"{name} is borrowed, and C works on a pointer into it in the block."
                yield Found(
                    flow,
                    start,
                    base + match.end(2),
                    "advice",
                    message,
                    ("borrowed", start),
                    begins[after],
                )


def _points_into(body: str, name: str, start: int, end: int) -> bool:
    """Tell whether a pointer into an object is taken between two offsets."""
    places = _pointers(body).get(name, [])
    at = bisect_left(places, start)
    return at < len(places) and places[at] < end


@lru_cache(maxsize=4)
def _pointers(body: str) -> dict[str, list[int]]:
    """Return where pointers into each object are taken."""
    found: dict[str, list[int]] = {}
    for match in POINTS_INTO.finditer(body):
        found.setdefault(match[1], []).append(match.start())
    return found
