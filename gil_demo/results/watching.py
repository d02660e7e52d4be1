"""All that watching the hand-overs of the GIL tells: of a program, and of one call.

Times are nanoseconds of the clock of `time.monotonic_ns`, counted from when the watch began,
where the name ends in ``_ns``, and seconds where it ends in ``_seconds``.
"""

from dataclasses import dataclass
from typing import Literal

from gil_demo.words import HoldKind, ProbeState


@dataclass(frozen=True)
class Frame:
    """A place in Python code: a function, its file, and the line it was at."""

    function: str
    file: str
    line: int


@dataclass(frozen=True)
class Waiter:
    """A thread that waited for a hold to end, and how much of its wait lay in it."""

    thread: str
    wait_ns: int


@dataclass(frozen=True)
class Hold:
    """A stretch of time in which one thread had the GIL.

    `stack` is where the thread was when it dropped the GIL, innermost first; empty if nobody
    waited and the hold was short, or if the thread was ending. `longest_wait_ns` is the most
    that one other thread waited within the hold.
    """

    thread: str
    start_ns: int
    end_ns: int
    caused_wait_ns: int
    longest_wait_ns: int
    kind: HoldKind
    waiters: tuple[Waiter, ...]
    stack: tuple[Frame, ...]

    @property
    def seconds(self) -> float:
        """How long it lasted."""
        return (self.end_ns - self.start_ns) / 1e9


@dataclass(frozen=True)
class Place:
    """A line of Python code at which holds ended that made others wait, over all such holds.

    `frame` is the innermost one that is neither of the standard library nor of an installed
    package, `inner` the innermost of all; they are the same where the code itself is to blame.
    """

    frame: Frame | None
    inner: Frame | None
    kind: HoldKind
    holds: int
    held_seconds: float
    caused_wait_seconds: float
    longest_hold_seconds: float
    longest_wait_seconds: float
    threads: tuple[str, ...]
    waiters: tuple[str, ...]
    stack: tuple[Frame, ...]


@dataclass(frozen=True)
class ThreadTotals:
    """What one thread had of the GIL: exact, whatever became of the single hand-overs."""

    name: str
    native_id: int
    held_seconds: float
    waited_seconds: float
    longest_hold_seconds: float
    longest_wait_seconds: float
    hand_overs: int


@dataclass(frozen=True)
class Stretch:
    """A part of a lane of the picture: its thread has the GIL, or waits for it.

    `share` is how much of it is so: less than 1 where stretches closer together than the
    picture resolves were joined. `stack` is the number of a stack in `WatchResult.stacks`.
    """

    start_ns: int
    end_ns: int
    share: float
    stack: int = 0


@dataclass(frozen=True)
class Lane:
    """A thread's row in the picture."""

    thread: str
    holds: tuple[Stretch, ...]
    waits: tuple[Stretch, ...]


@dataclass(frozen=True)
class Detail:
    """A part of the picture, enlarged: every hand-over from one moment to another."""

    start_ns: int
    end_ns: int
    lanes: tuple[Lane, ...]


@dataclass(frozen=True)
class WatchResult:
    """A whole program, or a block of it, as the hand-overs of the GIL tell it.

    `held_seconds` is how long some thread had the GIL, `waited_seconds` the waits of all
    threads added up; `longest_wait_seconds` is the most that one hold made one other thread
    wait. `worst` is the picture around the hold that caused the most waiting. `hand_overs`
    counts the takes; of `lost_events` of them only the totals are known. `resolution_ns` is 0
    where the lanes show every hand-over. `other_gils` counts interpreters that had a GIL of
    their own at the end, and `children` says whether there were child processes: neither is
    watched.
    """

    program: str
    python: str
    seconds: float
    held_seconds: float
    waited_seconds: float
    hand_overs: int
    switch_interval_seconds: float
    threads: tuple[ThreadTotals, ...]
    places: tuple[Place, ...]
    holds: tuple[Hold, ...]
    lanes: tuple[Lane, ...]
    resolution_ns: int
    worst: Detail | None
    stacks: tuple[tuple[Frame, ...], ...]
    longest_wait_seconds: float
    lost_events: int
    lost_stacks: int
    other_gils: int
    exit_code: int | None
    children: bool = False


@dataclass(frozen=True)
class ProbeResult:
    """What one statement or callable does to the GIL.

    `held_share` is the part of a call's wall time during which the calling thread had the GIL,
    and `released_share` the part during which it neither had it nor waited for it: medians
    over the calls, which a busy machine does not change. All times are over all calls.
    `other_threads` counts the other threads that had the GIL meanwhile. `cpu_seconds` is the
    whole process's processor time, `own_cpu_seconds` the calling thread's, what goes on between
    two calls included, as in a library's own threads that spin for a while. `picture` is one
    call in time, `call_ns` long: the stretches in which its thread had the GIL, counted from
    the call's start.
    """

    statement: str
    state: ProbeState
    reason: str | None
    held_share: float
    released_share: float
    held_seconds: float
    released_seconds: float
    waited_seconds: float
    longest_hold_seconds: float
    hand_overs: int
    calls: int
    wall_seconds: float
    cpu_seconds: float
    own_cpu_seconds: float
    other_threads: int
    other_threads_held_seconds: float
    call_ns: int
    picture: tuple[Stretch, ...]

    @property
    def releases(self) -> bool:
        """Whether the call releases the GIL for all of its time but its ways in and out."""
        return self.state == "releases"

    @property
    def holds(self) -> bool:
        """Whether the call keeps the GIL throughout."""
        return self.state == "holds"


@dataclass(frozen=True)
class NamedProbe:
    """A row of a table of statements: its group, its name, why it is so, and what was found."""

    group: str
    name: str
    why: str
    result: ProbeResult


@dataclass(frozen=True)
class SelfTestRow:
    """A duty cycle of C that stamps its own truth, and what the hand-overs tell of it.

    The C stamps the time before and after each hand-over. The true share is known but for the
    time inside the hand-overs, tens of nanoseconds each unless the thread is put aside there.
    """

    period_ms: float
    released_part: Literal["spinning", "asleep", "none"]
    true_share_low: float
    true_share_high: float
    measured_share: float

    @property
    def error_points(self) -> float:
        """By how many points of a hundred the measured share lies outside the true range."""
        nearest = min(max(self.measured_share, self.true_share_low), self.true_share_high)
        return (self.measured_share - nearest) * 100
