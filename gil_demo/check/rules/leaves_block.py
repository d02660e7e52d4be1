"""C leaves a function with the GIL released, or takes back or keeps the GIL once too often.

Mechanism:
    ``Py_BEGIN_ALLOW_THREADS`` and ``Py_END_ALLOW_THREADS`` are a pair, and so are
    ``PyGILState_Ensure`` and ``PyGILState_Release``. A ``return`` or ``goto`` from between BEGIN
    and END comes back to Python without the GIL. A second END asks for a GIL that this thread
    has: it waits forever on 3.11 and 3.12, and is a fatal error on 3.13. An Ensure without its
    Release keeps the GIL from all other threads.

Not found:
    Exceptions that a C++ function throws through the block, and ``longjmp``. A thread state kept
    in a field or a global variable may be taken back elsewhere, so leaving with it is not
    reported.

Sources:
    - https://docs.python.org/3/c-api/threads.html#c.Py_BEGIN_ALLOW_THREADS
    - https://docs.python.org/3/c-api/threads.html#c.Py_BLOCK_THREADS
    - https://docs.python.org/3/c-api/threads.html#c.PyGILState_Ensure
"""

import re
from collections.abc import Iterator

from gil_demo.check import words
from gil_demo.check.flow.events import Event, Flow
from gil_demo.check.rule import CheckedFile, Found, leaves_released, past_end
from gil_demo.results.check import Level

LEVEL: Level = "error"
FLAGS = ("missing_end",)
INSTEAD = "Keep the result in a variable and leave behind END, or write Py_BLOCK_THREADS before."

TWICE = (
    "Take the GIL back once on each way: remove this one, or write Py_UNBLOCK_THREADS before it."
)
ENSURED = "Call PyGILState_Release on this way too."
STATE = re.compile(r"\bPyGILState_STATE\s+\w+|\bNPY_ALLOW_C_API_DEF\b")
OUT = {"return": "returns", "end": "ends", "throw": "throws"}


def find(file: CheckedFile) -> Iterator[Found]:
    """Find ways out that do not lead through END, and ends without a begin."""
    for flow in file.flows:
        through = past_end(flow)
        for event in flow.events:
            if leaves_released(flow, event):
                yield _left(flow, event, through.get(event.start, []))
            elif event.kind == "end":
                yield from _twice(flow, event)
            elif event.kind == "exit-ensured" and event.detail:
                yield from _ensured(flow, event)


def _left(flow: Flow, event: Event, calls: list[Event]) -> Found:
    since = min(event.seen.released)
    path = str(flow.function.source.path)
    needing = {call.name: call for call in reversed(calls) if call.start < event.start}
    way = tuple((path, c.start, f"{c.name} needs the GIL") for c in reversed(needing.values()))
    some = "" if event.seen.always else " on some ways"
    message = f"{flow.function.name} {OUT[event.name]} here with the GIL released{some}."
    level: Level = "error" if event.seen.always or _has_brace(flow, since) else "warning"
    return Found(flow, event.start, event.stop, level, message, ("left", since), since, way)


def _twice(flow: Flow, event: Event) -> Iterator[Found]:
    before = [
        since
        for since in event.seen.since
        if since in flow.switches and flow.switches[since].name in words.ACQUIRE
    ]
    if not before or event.name not in words.ACQUIRE:
        return
    since = max(before)
    some = " on some ways" if event.seen.released or event.seen.caller else ""
    sure = not some or (_has_brace(flow, event.start) and _has_brace(flow, since))
    level: Level = "error" if sure else "warning"
    path = str(flow.function.source.path)
    message = f"{event.name} takes the GIL back although this thread has it{some}."
    yield Found(
        *(flow, event.start, event.stop, level, message, ("twice", since), None),
        *(((path, since, f"{flow.switches[since].name} has taken it back"),), TWICE),
    )


def _has_brace(flow: Flow, offset: int) -> bool:
    """Tell whether a switch belongs to a pair of braces, which no condition can take apart."""
    name = flow.switches[offset].name
    return name in words.WITH_BRACE or name == "Py_BLOCK_THREADS"


def _ensured(flow: Flow, event: Event) -> Iterator[Found]:
    ensured = min(event.detail)
    if not STATE.search(flow.function.body):
        return
    others = [other for other in flow.events if other.kind == "exit-ensured" and not other.detail]
    if not any(switch.name in words.UNENSURE for switch in flow.switches.values()):
        return
    if not any(other.start > ensured for other in others) and not event.seen.held:
        return
    some = " on some ways" if event.seen.held else ""
    path = str(flow.function.source.path)
    message = f"{flow.function.name} {OUT[event.name]} here{some} without PyGILState_Release."
    yield Found(
        *(flow, event.start, event.stop, "warning" if some else "error", message),
        *(("ensured", ensured), None),
        *(((path, ensured, f"{flow.switches[ensured].name} takes the GIL"),), ENSURED),
    )
