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
from collections.abc import Iterator

from gil_demo.check.rule import CheckedFile, Found
from gil_demo.results.check import Level

LEVEL: Level = "advice"
FLAGS = ("borrowed_reference",)
INSTEAD = "Take a reference with Py_INCREF before BEGIN, and give it back with Py_DECREF after END."

BORROWS = re.compile(
    r"\b([A-Za-z_]\w*)\s*=\s*(?:\(\s*\w+\s*\*\s*\)\s*)?"
    r"(PyList_GET_ITEM|PyList_GetItem|PyDict_GetItem\w*|PyWeakref_GetObject|PyWeakref_GET_OBJECT|"
    r"PySequence_Fast_GET_ITEM)\s*\("
)
POINTS_INTO = (
    r"PyArray_(?:DATA|BYTES|GETPTR\d)|PyBytes_AS_STRING|PyBytes_AsString|"
    r"PyUnicode_AsUTF8\w*|PyByteArray_\w+"
)


def find(file: CheckedFile) -> Iterator[Found]:
    """Find pointers into borrowed objects that are taken before a block."""
    for flow in file.flows:
        begins = [event.start for event in flow.events if event.kind == "begin"]
        if not begins:
            continue
        body, base = flow.function.body, flow.function.opening
        for match in BORROWS.finditer(body):
            name, start = match[1], base + match.start(2)
            after = [begin for begin in begins if begin > start]
            owned = re.search(
                rf"\b(?:Py_X?INCREF|Py_X?NewRef|PyObject_GetBuffer)\s*\(\s*\(?[^;]*\b{name}\b", body
            )
            if not after or owned:
                continue
            between = body[match.end() : after[0] - base]
            if re.search(rf"\b(?:{POINTS_INTO})\s*\(\s*(?:\([^()]*\)\s*)?{name}\b", between):
                message = f"{name} is borrowed, and C works on a pointer into it in the block."
                yield Found(
                    flow,
                    start,
                    base + match.end(2),
                    "advice",
                    message,
                    ("borrowed", start),
                    after[0],
                )
