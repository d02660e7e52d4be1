"""C leaves a function with the GIL released, or takes back or keeps the GIL once too often.

Mechanism:
    ``Py_BEGIN_ALLOW_THREADS`` and ``Py_END_ALLOW_THREADS`` are a pair, and so are
    ``PyGILState_Ensure`` and ``PyGILState_Release``. A ``return`` or ``goto`` from between BEGIN
    and END comes back to Python without the GIL. A second END asks for a GIL that this thread
    has: it waits forever on 3.11 and 3.12, and is a fatal error on 3.13. An Ensure without its
    Release keeps the GIL from all other threads.

Not found:
    Exceptions that a C++ function throws through the block, and ``longjmp``. A thread state that
    is kept in a field or a global variable, or handed to another function, may be taken back
    elsewhere, so leaving with it is not reported. Nor is an Ensure whose result is not kept: this
    function is not meant to release it.

Sources:
    - https://docs.python.org/3/c-api/threads.html#c.Py_BEGIN_ALLOW_THREADS
    - https://docs.python.org/3/c-api/threads.html#c.Py_BLOCK_THREADS
    - https://docs.python.org/3/c-api/threads.html#c.PyGILState_Ensure
"""

import re
from collections.abc import Iterator

from gil_demo.check import words
from gil_demo.check.flow.events import Event, Flow
from gil_demo.check.rule import CheckedFile, Found, level_of, on_some_ways
from gil_demo.check.stations import leaves_released
from gil_demo.words import Level

LEVEL: Level = "error"
FLAGS = ("missing_end",)
INSTEAD = "Keep the result in a variable and return after END, or write Py_BLOCK_THREADS before."

TWICE = (
    "Take the GIL back once on each way: remove this one, or write Py_UNBLOCK_THREADS before it."
)
ENSURED = "Call PyGILState_Release on this way too."
STATE = re.compile(r"\bPyGILState_STATE\s+\w+|\bNPY_ALLOW_C_API_DEF\b")
NOT_KEPT = re.compile(r"(?:^|[;{}):]|\belse)\s*(?:\(\s*void\s*\)\s*)?$")
"""Text before a call whose result is thrown away."""
MAX_BEFORE = 200
"""How far before a call is looked for what becomes of its result."""
OUT = {"return": "returns", "end": "ends", "throw": "throws"}


def find(file: CheckedFile) -> Iterator[Found]:
    """Find ways out that do not lead through END, and ends without a begin."""
    for flow in file.flows:
        yield from _left(file, flow)
        for event in flow.events:
            if event.kind == "end":
                yield from _twice(flow, event)
        yield from _ensured(flow)


def _left(file: CheckedFile, flow: Flow) -> Iterator[Found]:
    """Find ways out with the GIL released; the first of each cause has the way that leads there."""
    path = str(flow.function.source.path)
    known: set[tuple[int, Level]] = set()
    for event in flow.events:
        if not leaves_released(flow, event):
            continue
        since = min(event.seen.released)
        some = on_some_ways(event)
        message = f"{flow.function.name} {OUT[event.name]} here with the GIL released{some}."
        level = level_of(event, event.seen.always or _has_brace(flow, since))
        way: tuple[tuple[str, int, str], ...] = ()
        if (since, level) not in known:
            known.add((since, level))
            calls = file.stations(flow).before(event)
            way = tuple((path, call.start, f"{call.name} needs the GIL") for call in calls)
        yield Found(flow, event.start, event.stop, level, message, ("left", since), since, way)


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
    way = ((path, since, f"{flow.switches[since].name} has taken it back"),)
    cause = ("twice", since)
    yield Found(flow, event.start, event.stop, level, message, cause, way=way, instead=TWICE)


def _has_brace(flow: Flow, offset: int) -> bool:
    """Tell whether a switch belongs to a pair of braces, which no condition can take apart."""
    name = flow.switches[offset].name
    return name in words.WITH_BRACE or name == "Py_BLOCK_THREADS"


def _ensured(flow: Flow) -> Iterator[Found]:
    """Find ways out without PyGILState_Release where others have it."""
    exits = [(e, _ensures(flow, e)) for e in flow.events if e.kind == "exit-ensured"]
    if not any(ensures for _, ensures in exits) or not STATE.search(flow.function.body):
        return
    if not any(switch.name in words.UNENSURE for switch in flow.switches.values()):
        return
    last = max((event.start for event, ensures in exits if not ensures), default=-1)
    path = str(flow.function.source.path)
    for event, ensures in exits:
        ensured = min(ensures, default=last)
        if not ensures or (last <= ensured and not event.seen.held):
            continue
        some = " on some ways" if event.seen.held else ""
        message = f"{flow.function.name} {OUT[event.name]} here{some} without PyGILState_Release."
        level: Level = "warning" if some else "error"
        way = ((path, ensured, f"{flow.switches[ensured].name} takes the GIL"),)
        cause = ("ensured", ensured)
        yield Found(flow, event.start, event.stop, level, message, cause, way=way, instead=ENSURED)


def _ensures(flow: Flow, event: Event) -> set[int]:
    """Return the places of the Ensures that a way out has open, of those whose result is kept."""
    text = flow.function.source.text
    return {
        place
        for place in event.detail or ()
        if not text.startswith(("PyGILState_Ensure", "PyThreadState_Ensure"), place)
        or not NOT_KEPT.search(text[max(place - MAX_BEFORE, 0) : place])
    }
