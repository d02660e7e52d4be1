"""C releases the GIL where it is released already.

Mechanism:
    ``Py_BEGIN_ALLOW_THREADS`` detaches the thread state of this thread. In a block there is none
    attached, so the inner BEGIN ends the process, by a fatal error or by SIGSEGV. The inner block
    is often in another function, which was written for callers that hold the GIL.

Not found:
    An inner block that is reached through a pointer or a C++ method.

Sources:
    - https://docs.python.org/3/c-api/threads.html#c.PyEval_SaveThread
"""

from collections.abc import Iterator

from gil_demo.check.rule import CheckedFile, Found, level_of, on_some_ways
from gil_demo.words import Level

LEVEL: Level = "error"
FLAGS = ("nested_begin",)
INSTEAD = "Release the GIL in one place only: around the call or inside the function, not both."


def find(file: CheckedFile) -> Iterator[Found]:
    """Find blocks that begin in a block."""
    for flow, event in file.where_released("begin", "begins"):
        since = min(event.seen.released)
        if since == event.start:
            continue
        some = on_some_ways(event)
        if event.kind == "begin":
            message = f"{event.name} releases the GIL, which is released already{some}."
            way: tuple[tuple[str, int, str], ...] = ()
        else:
            message = f"{event.name} begins a block of its own, in a block{some}."
            way = ((*event.detail, f"{event.name} releases the GIL here"),)
        level = level_of(event, event.seen.always)
        cause = (event.name, since)
        yield Found(flow, event.start, event.stop, level, message, cause, since, way)
