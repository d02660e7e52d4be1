"""C releases the GIL anew in each turn of a loop.

Mechanism:
    Releasing and taking back costs little while nobody else wants the GIL. As soon as somebody
    does, END waits each time, up to the switch interval of 5 ms. Around a few microseconds of
    work the loop then spends its time waiting.

Not found:
    Loops in the caller of the function that has the block. A loop that waits for something in its
    block, or that calls Python in each turn, has reasons of its own and is not reported.

Sources:
    - https://docs.python.org/3/library/sys.html#sys.setswitchinterval
"""

from collections.abc import Iterator

from gil_demo.check.flow.events import Flow
from gil_demo.check.rule import CheckedFile, Found
from gil_demo.words import Level

LEVEL: Level = "advice"
FLAGS = ("tiny_work", "convoy")
INSTEAD = "Put the loop into the block, or several turns into one block."

PAIRS = ("Py_BEGIN_ALLOW_THREADS", "NPY_BEGIN_ALLOW_THREADS")


def find(file: CheckedFile) -> Iterator[Found]:
    """Find blocks in loops that call nothing of Python in their turns."""
    for flow in file.flows:
        if _needs_the_gil(flow):
            continue
        for event in flow.events:
            if event.kind == "begin" and event.loop and event.name in PAIRS:
                message = "Each turn of the loop waits at END until it gets the GIL."
                cause = ("loop", event.start)
                yield Found(flow, event.start, event.stop, "advice", message, cause)


def _needs_the_gil(flow: Flow) -> bool:
    """Tell whether the function calls Python, or what may wait, in a loop too."""
    calls = ("api", "own", "pointer", "looks-like-api")
    return any(event.loop and event.kind in calls for event in flow.events)
