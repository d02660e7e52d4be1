"""What all benchmarks share: quartiles, targets, and rows of the table."""

import resource
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median, quantiles

from gil_demo.host import machine
from gil_demo.results.numbers import Spread


def quartiles_of(values: Iterable[float]) -> Spread:
    """Return the median of at least one value, with the quartiles as the ends of the spread.

    A benchmark makes so many rounds that its lowest and highest say little.
    """
    known = list(values)
    if len(known) == 1:
        return Spread.of(known)
    lower, _, upper = quantiles(known, n=4, method="inclusive")
    return Spread(median(known), lower, upper)


@dataclass(frozen=True, slots=True)
class Target:
    """A limit that a median is to keep to, from above or from below."""

    sign: str
    limit: float

    def met_by(self, value: float) -> bool:
        """Whether the value keeps to the limit."""
        return value >= self.limit if self.sign == ">=" else value <= self.limit


def at_least(limit: float) -> Target:
    """The target of a figure that should be high."""
    return Target(">=", limit)


def at_most(limit: float) -> Target:
    """The target of a figure that should be low."""
    return Target("<=", limit)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; `measured` is None where nothing could be, and `how` says why.

    `layout` is the format of one figure, as in ``"{:.2f} s"``.
    """

    what: str
    measured: Spread | None
    how: str
    target: Target | None = None
    layout: str = "{:.3f}"


Benchmark = Callable[[float], Iterable[Row]]
"""Measures its rows, with this share of the usual number of rounds."""


def rounds(usual: int, share: float) -> int:
    """That share of the usual number of rounds, but enough for quartiles."""
    return max(3, round(usual * share))


def cpu_seconds(job: Callable[[], object]) -> float:
    """The processor time of this thread in one call, from which others cannot take any."""
    began = time.thread_time()
    job()
    return time.thread_time() - began


def commands_cpu_seconds() -> float:
    """The processor time of all commands that this process has run and waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


SHORTEST_METERING_SECONDS = 0.2
"""The system counts busy time in hundredths of a second: below this they tell nothing."""


class OthersMeter:
    """How much of the cores others took: neither this process nor the commands it waited for."""

    def __init__(self) -> None:
        """Start metering."""
        self._meter = machine.BusyMeter()
        self._began = time.monotonic()

    def share(self) -> float | None:
        """The share from 0 to 1, or None where the system does not tell, or not yet."""
        share = self._meter.share()
        elapsed = time.monotonic() - self._began
        if share is None or elapsed < SHORTEST_METERING_SECONDS:
            return None
        return share
