"""C reads an object's header where the GIL is released.

Mechanism:
    ``PyArray_DATA`` and ``PyArray_DIM`` read fields that Python code may change meanwhile: a
    thread that has the GIL can resize the array or give it another shape between two of these
    reads. The elements may be read in the block; their address must be read before it.

Not found:
    Fields that are read through ``->``, because most of them belong to C structures that Python
    code does not reach. Nor the fields of objects that never change, such as a tuple's size or
    the text of a ``bytes``: they stay while somebody owns the object.

Sources:
    - https://docs.python.org/3/howto/free-threading-extensions.html
    - https://numpy.org/doc/stable/reference/thread_safety.html
"""

import re
from collections.abc import Iterator

from gil_demo.check.rule import CheckedFile, Found
from gil_demo.words import Level

LEVEL: Level = "advice"
FLAGS = ("header_read",)
INSTEAD = "Take it into a local variable before BEGIN."

NEVER_CHANGES = re.compile(
    r"Py\w+_Check(?:Exact)?|"
    r"_?Py(?:Bytes|Unicode|Float|Tuple|StructSequence|DateTime|CFunction|Method|InstanceMethod)_\w+"
)
"""Tests of a type, and what reads a field that Python code cannot change."""


def find(file: CheckedFile) -> Iterator[Found]:
    """Find functions of the API that read fields, one finding a block."""
    for flow in file.flows:
        for event in flow.events:
            if event.kind != "read" or not event.seen.always:
                continue
            if NEVER_CHANGES.fullmatch(event.name) is None:
                since = min(event.seen.released)
                message = f"{event.name} reads a header that Python code may change meanwhile."
                cause = ("header", since)
                yield Found(flow, event.start, event.stop, "advice", message, cause, since)
