"""All that `gil-demo run` measured.

Times are nanoseconds of one monotonic clock where the name ends in ``_ns``, and seconds
where it ends in ``_seconds``.
"""

from dataclasses import dataclass

from gil_demo.results.host import Environment
from gil_demo.results.numbers import Range, Spread
from gil_demo.results.patterns import PatternRow
from gil_demo.words import Company, Kernel, Mode, State

DRAWN_GAP_NS = 4_000_000
"""Ticks further apart than this are drawn apart: a time slice that another process got is not."""


@dataclass(frozen=True)
class Span:
    """One kernel call: when it entered C and when it left, stamped inside C."""

    gil: Mode
    thread: int
    enter_ns: int
    exit_ns: int


@dataclass(frozen=True)
class Stretch:
    """A run of ticks with no gap worth drawing: the first, the last, and how many."""

    first_ns: int
    last_ns: int
    ticks: int


@dataclass(frozen=True)
class GilHold:
    """A time in which one thread had the GIL: that of a span, the ticker (-1), or another (0).

    `share` is less than 1 where the thread had it again and again, for that part of the time.
    """

    thread: int
    first_ns: int
    last_ns: int
    share: float = 1.0


@dataclass(frozen=True)
class Panel:
    """One race as a picture shows it: every thread's span, when the ticker ran, who had the GIL.

    `peak_inside` is the largest number of calls that were inside the kernel at one moment.
    `gil_lane` is None where the hand-overs of the GIL could not be watched.
    """

    gil: Mode
    spans: tuple[Span, ...]
    ticker: tuple[Stretch, ...]
    peak_inside: int
    gil_lane: tuple[GilHold, ...] | None = None

    @property
    def open_stall(self) -> tuple[int, int] | None:
        """Return from when to when at least no tick came, if none came before the calls ended."""
        if not self.ticker:
            return None
        last_ns, ended_ns = self.ticker[-1].last_ns, max(span.exit_ns for span in self.spans)
        return (last_ns, ended_ns) if ended_ns - last_ns > DRAWN_GAP_NS else None


@dataclass(frozen=True)
class ScalingRow:
    """One mode at one number of threads, over all rounds.

    `wall_seconds` runs from the first enter to the last exit of a race;
    `speedup` is N times the one-thread wall time over the N-thread wall time of
    the same round and mode; `mean_inside` is the time-average of the number of
    calls inside while at least one is; `cpu_seconds` is the processor time of
    all calls of a race together (the last two are medians over the rounds).
    `held_share` is the share of a call during which its thread had the GIL, by the
    hand-overs: of all calls, the share that fits the claim least. It is None for
    native threads, and where the hand-overs could not be watched.
    """

    gil: Mode
    threads: int
    wall_seconds: Spread
    speedup: Spread
    peak_inside: Range
    mean_inside: float
    cpu_seconds: float
    held_share: float | None = None


@dataclass(frozen=True)
class ResponsivenessRow:
    """The ticker alone, or beside one kernel call; medians over the rounds.

    `ticks_per_second` and `share_of_alone` count the ticks during the call
    (alone: during an equal time without one), and `longest_stall_seconds` is the
    longest gap between two ticks. `ticks_inside`, the number of ticks whose time
    lies within the kernel's span, is that of the round which came closest to
    refuting what is expected: the most where none may be, else the fewest.
    `held_share` is as in the scaling rows. In so many rounds a garbage collection by another
    thread began inside the call (`collections_begun`), and in so many of these it also ended
    inside (`collections_ended`): never in a held call.
    """

    gil: Company
    ticks_per_second: float
    share_of_alone: float
    longest_stall_seconds: float
    call_seconds: float
    ticks_inside: int | None
    held_share: float | None = None
    collections_begun: int = 0
    collections_ended: int = 0


@dataclass(frozen=True)
class Settings:
    """The settings of a run: `elements` of the array, `passes` of one call over its part."""

    kernel: Kernel
    elements: int
    elements_per_call: int
    passes: int
    threads: tuple[int, ...]
    rounds: int
    seed: int
    input: str | None


@dataclass(frozen=True)
class Verdict:
    """The verdict of a run on the claim, and the sentences that say why."""

    state: State
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Measured:
    """The figures of one run; a section that was not asked for is empty.

    `spans` are those of one race a mode: the one with the most threads of the first
    round, or where nothing was scaled the picture's. `results_agree` says whether calls on
    the same elements always returned the same 64 bits, and is None where an earlier
    version kept the result.
    """

    environment: Environment
    results_agree: bool | None
    picture: tuple[Panel, ...]
    spans: tuple[Span, ...]
    scaling: tuple[ScalingRow, ...]
    responsiveness: tuple[ResponsivenessRow, ...]


@dataclass(frozen=True)
class RunResult(Measured):
    """All of one run: the figures, how they were obtained, and what they say."""

    settings: Settings
    notes: tuple[str, ...]
    patterns: tuple[PatternRow, ...]
    verdict: Verdict
