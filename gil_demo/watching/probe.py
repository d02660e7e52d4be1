"""Does this call release the GIL? From the hand-overs of its thread while it runs.

A call's wall time has three parts: its thread has the GIL; or it neither has it nor asks for
it, which is what "released" means; or it waits for it because another thread has it. The
answer rests on the first two, so that other threads cannot change it, and on the median over
the calls, so that a call during which the machine was busy cannot either. Where most of them
were disturbed, the least disturbed ones, which took the least time, have to say the same.
"""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from types import CodeType

import numpy as np

from gil_demo.host import machine
from gil_demo.native import handovers
from gil_demo.native.handovers import CannotWatch
from gil_demo.results.watching import ProbeResult, Stretch
from gil_demo.watching import timeline
from gil_demo.watching.forks import forks
from gil_demo.watching.recording import Recorder, Recording
from gil_demo.words import ProbeState

MIN_SECONDS = 0.2
"""How long the calls last together, at least, unless there are `MAX_CALLS` of them."""

MAX_SECONDS = 2.0
"""After so long, no more than `MIN_CALLS` are made."""

SWITCH_SECONDS = 0.25
"""The switch interval meanwhile: another thread that asks makes Python code drop the GIL this
seldom, so that nearly every drop is the call's own."""

MAX_CALLS = 20_000
MIN_CALLS = 5
LONG_SECONDS = 1.0
"""A call this long is made once only."""

MAX_HELD_SHARE_TO_RELEASE = 0.2
"""A call that releases the GIL still needs it on its way in and out."""

MAX_RELEASED_SHARE_TO_HOLD = 0.02

AMBIGUOUS = (
    "other threads requested the GIL, and the machine was so busy that it cannot be told whether"
    " it released the GIL or waited"
)

DISTURBED = (
    "the machine was so busy that the calls which took the least time and the middle one differ:"
    " a pause that others cause counts for the part that it falls into"
)

MAX_SHIFT = 0.1
"""How far apart their held shares may be, where one is on this side of a limit, one on that."""

MAX_PICTURE_STRETCHES = 500

_clock = time.monotonic_ns


@dataclass(frozen=True, slots=True)
class _Calls:
    """When each call began and ended, and the processor time of all of them."""

    starts: list[int]
    ends: list[int]
    cpu_seconds: float
    own_cpu_seconds: float


class _NoAnswer(Exception):
    """The call ended in a way that leaves nothing to measure; the message says how."""


def probe(
    function: Callable[[], object], *, calls: int | None = None, name: str | None = None
) -> ProbeResult:
    """Call a function again and again, and tell what it does to the GIL.

    Args:
        function: Called without arguments, from this thread; its result is dropped.
        calls: How often; by default until 0.2 s have gone by, at least 5 times, but once
            only if one call lasts a second. One more call goes before, and is not counted.
        name: How to call it in the report.

    Raises:
        CannotWatch: There is no GIL here, or its hand-overs cannot be watched.
        KeyboardInterrupt: As ever.
    """
    statement = name or getattr(function, "__qualname__", None) or repr(function)
    if calls is not None and calls < 1:
        raise ValueError("calls must be 1 or more")
    before = forks()
    meter = machine.BusyMeter()
    recorder = Recorder(events=True)
    recorder.start()
    try:
        made = _call(function, calls)
    except _NoAnswer as why:
        made, reason = _Calls([], [], 0, 0), str(why)
    else:
        reason = "it forked, and a child is not watched" if forks() > before else ""
    finally:
        recording = recorder.stop()
        handovers.forget()
    if recording is None:
        raise CannotWatch("the watch ended while the call ran")
    if recording.lost_events and not reason:
        reason = "it handed the GIL over more often than can be noted: make fewer calls"
    disturbed = (meter.share() or 0.0) >= machine.MIN_SHARE_TOLD
    return _result(statement, recording, made, reason, disturbed=disturbed)


def _call(function: Callable[[], object], calls: int | None) -> _Calls:
    """Make the calls. Raises `_NoAnswer` if one of them raises or exits."""
    process = os.getpid()
    interval = sys.getswitchinterval()
    starts: list[int] = []
    ends: list[int] = []

    def once() -> None:
        starts.append(_clock())
        function()
        ends.append(_clock())
        if os.getpid() != process:
            os._exit(0)  # the call returned a second time, in a forked child

    try:
        _ask_seldom(interval)
        cpu, own_cpu = time.process_time(), time.thread_time()
        once()
        count = calls or _enough(ends[0] - starts[0])
        first_was_all = calls is None and count == 1
        if not first_was_all:
            starts.clear()
            ends.clear()
            cpu, own_cpu = time.process_time(), time.thread_time()
            began = _clock()
            for number in range(count):
                once()
                late = _clock() - began > MAX_SECONDS * 1e9
                if late and calls is None and number >= MIN_CALLS:
                    break
        spent, own_spent = time.process_time() - cpu, time.thread_time() - own_cpu
    except SystemExit as left:
        raise _NoAnswer(f"it exited ({left.code})") from None
    except Exception as error:
        raise _NoAnswer(f"it raised {type(error).__name__}: {error}") from None
    finally:
        sys.setswitchinterval(interval)
    return _Calls(starts, ends, spent, own_spent)


def _ask_seldom(interval: float) -> None:
    """Make other threads wait `SWITCH_SECONDS` before they ask, those that wait already, too.

    A thread reads the switch interval when it begins to wait: one that waits now would ask for
    the GIL during the calls. It gets the GIL here, while this thread sleeps as long as that.
    """
    if interval < SWITCH_SECONDS:
        sys.setswitchinterval(SWITCH_SECONDS)
        time.sleep(interval)


def _enough(first_ns: int) -> int:
    """Say how many calls make the answer sure, from how long the first one lasted."""
    seconds = max(first_ns, 100) / 1e9
    if seconds >= LONG_SECONDS:
        return 1
    return max(MIN_CALLS, min(MAX_CALLS, int(MIN_SECONDS / seconds)))


def _result(
    statement: str, recording: Recording, made: _Calls, reason: str, *, disturbed: bool
) -> ProbeResult:
    """Work out what the hand-overs say about the calls; `disturbed` if the machine was busy."""
    parts = _parts(recording, made)
    wall = parts.wall.sum()
    held, released = parts.held.sum(), parts.released.sum()
    state: ProbeState = "inconclusive"
    if not reason:
        state, reason = judge(parts, disturbed=disturbed)
    at = _typical(parts)
    return ProbeResult(
        statement=statement,
        state=state,
        reason=reason or None,
        held_share=_median_share(parts.held, parts.wall),
        released_share=_median_share(parts.released, parts.wall),
        held_seconds=held / 1e9,
        released_seconds=released / 1e9,
        waited_seconds=(wall - held - released) / 1e9,
        longest_hold_seconds=parts.longest_hold / 1e9,
        hand_overs=parts.hand_overs,
        calls=len(made.ends),
        wall_seconds=wall / 1e9,
        cpu_seconds=made.cpu_seconds,
        own_cpu_seconds=made.own_cpu_seconds,
        other_threads=parts.other_threads,
        other_threads_held_seconds=parts.others_held / 1e9,
        call_ns=int(parts.wall[at]) if len(parts.wall) else 0,
        picture=_picture(recording, made, at) if len(parts.wall) else (),
    )


def _median_share(part: timeline.Times, wall: timeline.Times) -> float:
    """Return the median over the calls of what share of its wall time a part is."""
    return float(np.median(part / np.maximum(wall, 1))) if len(wall) else 0.0


def _shares(held: timeline.Times, released: timeline.Times) -> list[tuple[float, float]]:
    """Divide the time in which each call did not wait into held and released."""
    return [
        (h / (h + r), r / (h + r))
        for h, r in zip(held.tolist(), released.tolist(), strict=True)
        if h + r > 0
    ]


def _state(shares: list[tuple[float, float]]) -> ProbeState:
    """Name what a call does, by the medians of its shares."""
    held_share, released_share = (median(each) for each in zip(*shares, strict=True))
    if held_share <= MAX_HELD_SHARE_TO_RELEASE:
        return "releases"
    return "holds" if released_share <= MAX_RELEASED_SHARE_TO_HOLD else "mixed"


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of each call's wall time, in nanoseconds, and totals over all calls.

    `released` is the time from each drop to when the thread asks again. If another thread had
    requested the GIL, CPython makes the thread that drops it wait until the other has taken it;
    on a busy machine either may get no core for long. So that time is not `surely_released`.
    """

    wall: timeline.Times
    held: timeline.Times
    released: timeline.Times
    surely_released: timeline.Times
    longest_hold: int
    hand_overs: int
    others_held: int
    other_threads: int


def _parts(recording: Recording, made: _Calls) -> Parts:
    """Cut each call's wall time into its parts."""
    starts, ends = np.array(made.starts[: len(made.ends)], np.int64), np.array(made.ends, np.int64)
    own = recording.holds["thread"] == handovers.STARTER
    mine, others = recording.holds[own], recording.holds[~own]
    edges = np.concatenate([starts, ends])
    held = timeline.covered_until(mine["taken"], mine["dropped"], edges)
    dropped, asked, by_itself = mine["dropped"][:-1], mine["asked"][1:], mine["ran"][:-1] < 0
    gaps = timeline.covered_until(dropped, asked, edges)
    sure = timeline.covered_until(dropped[by_itself], asked[by_itself], edges)
    others_held = timeline.covered_until(others["taken"], others["dropped"], edges)
    count = len(starts)
    inside = timeline.inside_any(mine["dropped"], starts, ends)
    others_inside = others[timeline.inside_any(others["taken"], starts, ends)]
    return Parts(
        wall=ends - starts,
        held=held[count:] - held[:count],
        released=gaps[count:] - gaps[:count],
        surely_released=sure[count:] - sure[:count],
        longest_hold=timeline.longest_common(mine["taken"], mine["dropped"], starts, ends),
        hand_overs=int(inside.sum()),
        others_held=int((others_held[count:] - others_held[:count]).sum()),
        other_threads=len(np.unique(others_inside["thread"])),
    )


def judge(parts: Parts, *, disturbed: bool) -> tuple[ProbeState, str]:
    """Name what the calls do, or say why there is no answer."""
    shares = _shares(parts.held, parts.released)
    if not shares:
        return "inconclusive", "it was too short to tell"
    state = _state(shares)
    if state != _state(_shares(parts.held, parts.surely_released) or shares):
        return "inconclusive", AMBIGUOUS
    quick = _quickest(parts, shares)
    shift = abs(median(held for held, _ in quick) - median(held for held, _ in shares))
    if disturbed and state != _state(quick) and shift > MAX_SHIFT:
        return "inconclusive", DISTURBED
    return state, ""


def _quickest(parts: Parts, shares: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Choose the shares of the tenth of the calls that took the least time."""
    known = np.flatnonzero(parts.held + parts.released > 0)
    order = np.argsort(parts.wall[known], kind="stable")
    return [shares[at] for at in order[: max(1, len(order) // 10)].tolist()]


def _typical(parts: Parts) -> int:
    """Choose the call whose share is nearest to the median; of several, that whose time is."""
    shares = _shares(parts.held, parts.released)
    if not shares:
        return 0
    middle = median(held for held, _ in shares)
    known = np.flatnonzero(parts.held + parts.released > 0)
    wall = parts.wall[known]
    by_share = np.abs(np.array([held for held, _ in shares]) - middle)
    by_time = np.abs(wall - np.median(wall))
    return int(known[np.lexsort((by_time, by_share))[0]])


def _picture(recording: Recording, made: _Calls, at: int) -> tuple[Stretch, ...]:
    """Show when the thread had the GIL within one call."""
    start, end = made.starts[at], made.ends[at]
    mine = recording.holds[recording.holds["thread"] == handovers.STARTER]
    mine = mine[(mine["dropped"] > start) & (mine["taken"] < end)]
    taken, dropped = np.maximum(mine["taken"], start), np.minimum(mine["dropped"], end)
    resolution = timeline.resolution_for(len(mine), end - start, MAX_PICTURE_STRETCHES)
    return tuple(
        Stretch(first - start, last - start, share)
        for first, last, share, _ in timeline.joined(taken, dropped, mine["stack"], resolution)
    )


def inconclusive(statement: str, reason: str) -> ProbeResult:
    """Say that there is no answer, because nothing could be called."""
    return ProbeResult(
        statement=statement,
        state="inconclusive",
        reason=reason,
        held_share=0.0,
        released_share=0.0,
        held_seconds=0.0,
        released_seconds=0.0,
        waited_seconds=0.0,
        longest_hold_seconds=0.0,
        hand_overs=0,
        calls=0,
        wall_seconds=0.0,
        cpu_seconds=0.0,
        own_cpu_seconds=0.0,
        other_threads=0,
        other_threads_held_seconds=0.0,
        call_ns=0,
        picture=(),
    )


def compiled(statement: str, setup: str = "") -> Callable[[], object]:
    """Make a function of a statement, as ``timeit`` does; `setup` runs at once, one time.

    Raises SyntaxError, and whatever the setup raises.
    """
    names: dict[str, object] = {"__name__": "__main__", "__builtins__": __builtins__}
    exec(_code(setup, "<setup>"), names)
    body = "\n".join(f"    {line}" for line in statement.splitlines()) or "    pass"
    _code(statement, "<statement>")  # so that errors name its lines
    exec(_code(f"def statement():\n{body}", "<statement>"), names)
    function = names["statement"]
    assert callable(function)
    return function


def _code(text: str, name: str) -> CodeType:
    try:
        return compile(text, name, "exec", dont_inherit=True)
    except UnicodeEncodeError as error:  # an argument whose bytes are no text
        raise SyntaxError(f"it has no encoding: {error.reason}") from None


def needs_path() -> None:
    """Let statements import from the current folder, as ``python -m timeit`` does."""
    if "" not in sys.path:
        sys.path.insert(0, "")
