"""C goes on with arguments, a buffer or an array although getting them may have failed.

Mechanism:
    ``PyArg_ParseTuple`` and ``PyObject_GetBuffer`` say with their result whether they worked, and
    NumPy's conversions return NULL where they did not. Code that goes on uses variables that
    nobody has set, and does so in a block, where it can raise no exception any more.

Not found:
    Results that are checked too late. Functions that release no GIL are not looked at.

Sources:
    - https://docs.python.org/3/extending/extending.html#extracting-parameters-in-extension-functions
    - https://docs.python.org/3/c-api/buffer.html#c.PyObject_GetBuffer
    - https://numpy.org/doc/stable/user/c-info.how-to-extend.html#converting-an-arbitrary-sequence-object
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from gil_demo.check.bodies import last_before, result_of
from gil_demo.check.rule import CheckedFile, Found
from gil_demo.words import Level

LEVEL: Level = "warning"
FLAGS = ("unchecked_arguments", "gilexample")
INSTEAD = "Return NULL if the call fails: the exception is set already."

PARSES = re.compile(
    r"\b(PyArg_ParseTuple|PyArg_ParseTupleAndKeywords|PyArg_UnpackTuple|PyArg_Parse|"
    r"PyObject_GetBuffer)\s*\("
)
MAKES = result_of(
    r"PyArray_(?:FROM_O\w*|FROMANY|FromAny|CheckFromAny|ContiguousFromAny|ContiguousFromObject)"
)

TESTS = tuple(
    re.compile(pattern)
    for pattern in (
        r"!\s*([A-Za-z_]\w*)\b",
        r"\b([A-Za-z_]\w*)\s*[!=]=",
        r"[!=]=\s*([A-Za-z_]\w*)\b",
        r"(?:&&|\|\|)\s*([A-Za-z_]\w*)\b",
        r"\b([A-Za-z_]\w*)\s*(?:&&|\|\||\?)",
        r"\b(?!PyArray_|Py_|DATA|SIZE)\w+\s*\(\s*([A-Za-z_]\w*)\s*[,)]",
    )
)
"""How a variable is looked at."""


def find(file: CheckedFile) -> Iterator[Found]:
    """Find results that a function with a block does not look at."""
    for flow in file.flows:
        if flow.blocks:
            body, base = flow.function.body, flow.function.opening
            for match in PARSES.finditer(body):
                if last_before(body, match.start()) in (";", "{", "}"):
                    message = (
                        f"Nobody looks whether {match[1]} worked, and the block runs either way."
                    )
                    span = base + match.start(1), base + match.end(1)
                    yield Found(flow, *span, "warning", message, ("parse", span[0]))
            for match in MAKES.finditer(body):
                if not _is_tested(body, match[1], match.end()):
                    message = f"{match[2]} may return NULL, and nobody looks at {match[1]}."
                    span = base + match.start(2), base + match.end(2)
                    yield Found(flow, *span, "warning", message, ("convert", span[0]))


def _is_tested(body: str, name: str, start: int) -> bool:
    """Tell whether a variable is compared or tested after an offset."""
    return _last_tests(body).get(name, -1) >= start


@lru_cache(maxsize=4)
def _last_tests(body: str) -> dict[str, int]:
    """Return where each variable is compared or tested for the last time."""
    last: dict[str, int] = {}
    for pattern in TESTS:
        for match in pattern.finditer(body):
            last[match[1]] = max(last.get(match[1], -1), match.start())
    return last
