"""C calls through a pointer where the GIL is released.

Mechanism:
    Only the running program knows which function a pointer leads to. If that function calls
    Python, or raises an exception when it fails, it needs the GIL. One finding a file says how
    many such calls there are: this check has not followed them.

Not found:
    Whether any of these functions needs the GIL.

Sources:
    - https://docs.python.org/3/c-api/threads.html#detaching-thread-state
"""

from collections.abc import Iterator

from gil_demo.check.rule import CheckedFile, Found
from gil_demo.words import Level

LEVEL: Level = "advice"
FLAGS: tuple[str, ...] = ()
INSTEAD = "Make sure that each of these functions needs no GIL, or takes it with PyGILState_Ensure."
EXAMPLES = (
    """\
Py_BEGIN_ALLOW_THREADS
ok = table->step(state); /* may raise an exception, for all that one can see here */
Py_END_ALLOW_THREADS
""",
    """\
Py_BEGIN_ALLOW_THREADS
ok = step(state); /* C only */
Py_END_ALLOW_THREADS
""",
)


def find(file: CheckedFile) -> Iterator[Found]:
    """Find calls through pointers in blocks, one finding a file."""
    for flow in file.flows:
        for event in flow.events:
            if event.kind == "pointer" and event.seen.released and not file.source.cpp:
                message = f"{event.name} is a pointer, so this check does not know what it calls."
                cause = ("pointer", str(file.source.path))
                since = min(event.seen.released)
                yield Found(flow, event.start, event.stop, "advice", message, cause, since)
