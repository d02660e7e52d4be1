"""C writes to an array that may be a copy, and nobody copies back.

Mechanism:
    ``NPY_ARRAY_OUT_ARRAY`` gives the array itself if it is contiguous, aligned and writeable, and
    a new array otherwise. The results that C writes to a new array are lost with it.

Not found:
    Flags that are put together elsewhere. An array that the function returns is its result and
    not a copy to be written back.

Sources:
    - https://numpy.org/doc/stable/reference/c-api/array.html#c.NPY_ARRAY_WRITEBACKIFCOPY
"""

import re
from collections.abc import Iterator

from gil_demo.check.bodies import CONVERTS, arguments_of, names_after
from gil_demo.check.rule import CheckedFile, Found
from gil_demo.words import Level

LEVEL: Level = "advice"
FLAGS = ("temporary_copy",)
INSTEAD = "Ask for NPY_ARRAY_INOUT_ARRAY2 and call PyArray_ResolveWritebackIfCopy after END."

RETURNS = re.compile(r"\b(?:return|Py_BuildValue|PyTuple_Pack)\b")
WRITES = re.compile(r"\bNPY_(?:ARRAY_)?(?:(?:IN)?OUT_[CF]?ARRAY|CARRAY|FARRAY|WRITEABLE)\b")


def find(file: CheckedFile) -> Iterator[Found]:
    """Find conversions for writing in functions that never write back."""
    for flow in file.flows:
        body, base = flow.function.body, flow.function.opening
        if not flow.blocks or "Writeback" in body or "WRITEBACK" in body:
            continue
        for match in CONVERTS.finditer(body):
            arguments = arguments_of(body, match)
            if WRITES.search(arguments) and match[1] not in names_after(body, RETURNS):
                message = f"{match[1]} may be a copy, and what C writes to a copy is lost."
                span = base + match.start(2), base + match.end(2)
                yield Found(flow, *span, "advice", message, ("copy", span[0]))
