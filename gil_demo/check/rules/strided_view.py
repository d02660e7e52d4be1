"""C reads elements in a row from an array that it asked to be aligned, but not contiguous.

Mechanism:
    ``NPY_ARRAY_ALIGNED`` asks that each element can be read with one load. It says nothing of
    where the next element is: a slice with a step, a transposed or a broadcast array is aligned
    too. A loop over ``data[i]`` then reads elements that are not in the array, or memory that is
    not the array's.

Not found:
    Flags that are put together elsewhere. A function that asks for the strides, or tests whether
    the array is contiguous, is taken to use the answer.

Sources:
    - https://numpy.org/doc/stable/reference/c-api/array.html#c.NPY_ARRAY_ALIGNED
    - https://numpy.org/doc/stable/user/c-info.how-to-extend.html#converting-an-arbitrary-sequence-object
"""

import re
from collections.abc import Iterator

from gil_demo.check.bodies import CONVERTS, arguments_of, assigned
from gil_demo.check.rule import CheckedFile, Found
from gil_demo.words import Level

LEVEL: Level = "warning"
FLAGS = ("strided_view", "gilexample")
INSTEAD = "Ask for NPY_ARRAY_IN_ARRAY, which is aligned and C-contiguous, or step by the strides."

ALIGNED = re.compile(r"\bNPY_(?:ARRAY_)?(?:ALIGNED|BEHAVED(?:_NS)?)\b")
CONTIGUOUS = re.compile(r"CONTIGUOUS|_C?ARRAY(?:_RO|2)?\b(?<!NPY_ARRAY)|_FARRAY|IN_ARRAY|OUT_ARRAY")
ASKS = re.compile(
    r"\bPyArray_(?:STRIDES?|IS_?\w*CONTIGUOUS|IS[CF]ARRAY\w*|CHKFLAGS|ITER\w*|Iter\w*|GETPTR\d)\b|\bNpyIter_"
)


def find(file: CheckedFile) -> Iterator[Found]:
    """Find conversions whose flags are spelled out and leave contiguity out."""
    for flow in file.flows:
        body, base = flow.function.body, flow.function.opening
        if (
            not flow.blocks
            or ASKS.search(body)
            or ("PyArray_DATA" not in body and "PyArray_BYTES" not in body)
        ):
            continue
        for match in CONVERTS.finditer(body):
            flags = _flags(body, arguments_of(body, match))
            if ALIGNED.search(flags) and not CONTIGUOUS.search(flags):
                message = f"{match[1]} may have any strides, but its data is read in a row."
                span = base + match.start(2), base + match.end(2)
                yield Found(flow, *span, "warning", message, ("aligned", span[0]))


def _flags(body: str, arguments: str) -> str:
    """Return the flags among a call's arguments, looked up if they are in a variable."""
    last = arguments.rpartition(",")[2].strip()
    if last.isidentifier() and not last.isupper():
        found = assigned(body).get(last, [])
        return found[0] if len(found) == 1 else "CONTIGUOUS"
    return arguments
