"""A run as a trace that Perfetto and chrome://tracing open: a process a race, a lane a thread.

The format: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from gil_demo.results.run import RunResult, Span, Stretch
from gil_demo.words import Mode

NAMES: dict[Mode, str] = {
    "held": "GIL held",
    "released": "GIL released",
    "native": "native threads, no Python",
}

TIDS_A_RACE = 1000
"""More than there are threads: viewers take equal numbers of threads for the same thread."""

CATEGORY = "gil-demo"

Event = dict[str, Any]


def run_trace(result: RunResult) -> dict[str, Any]:
    """Write the picture's races with their ticker, and one scaling race a mode.

    Each race begins at 0, so that they stand above each other as in the picture.
    """
    events: list[Event] = []
    for pid, race in enumerate(_races(result), start=1):
        events += _race(pid, *race)
    return {
        "traceEvents": events,
        "displayTimeUnit": "ms",
        "otherData": {"program": "gil-demo run", "verdict": result.verdict.state},
    }


Race = tuple[str, Sequence[Span], Sequence[Stretch], tuple[int, int] | None]
"""A race's name, its spans, when the ticker beside it ran, and the stall that has no end."""


def _races(result: RunResult) -> Iterator[Race]:
    """List all races that were recorded."""
    drawn = {span for panel in result.picture for span in panel.spans}
    for panel in result.picture:
        yield f"{NAMES[panel.gil]}, beside a ticker", panel.spans, panel.ticker, panel.open_stall
    for gil, spans in groupby(result.spans, lambda span: span.gil):
        race = tuple(spans)
        if not drawn.issuperset(race):
            yield NAMES[gil], race, (), None


def _race(
    pid: int,
    name: str,
    spans: Sequence[Span],
    ticks: Sequence[Stretch],
    open_stall: tuple[int, int] | None,
) -> Iterator[Event]:
    moments = [span.enter_ns for span in spans]
    moments += [stretch.first_ns for stretch in ticks]
    process = _Lane(pid, TIDS_A_RACE * pid, min(moments))
    yield process.named("process", name)
    for number, span in enumerate(spans, start=1):
        thread = process.lane(number)
        yield thread.named("thread", f"thread {span.thread}")
        yield thread.lasting("in C", span.enter_ns, span.exit_ns, gil=span.gil)
    if ticks:
        ticker = process.lane(len(spans) + 1)
        yield ticker.named("thread", "ticker")
        yield from _ticks(ticker, ticks)
        if open_stall:
            yield ticker.lasting("stall, or longer", *open_stall)


def _ticks(lane: "_Lane", ticker: Sequence[Stretch]) -> Iterator[Event]:
    """List in order when the ticker ticked, and the stalls between."""
    previous_ns = None
    for stretch in ticker:
        first_ns, last_ns = stretch.first_ns, stretch.last_ns
        if previous_ns is not None:
            yield lane.lasting("stall", previous_ns, first_ns)
        if first_ns < last_ns:
            yield lane.lasting("ticking", first_ns, last_ns, ticks=stretch.ticks)
        else:
            yield lane.instant("tick", first_ns, ticks=stretch.ticks)
        previous_ns = last_ns


@dataclass(frozen=True, slots=True)
class _Lane:
    """A thread of a process, whose time begins at `zero_ns`."""

    pid: int
    tid: int
    zero_ns: int

    def lane(self, number: int) -> "_Lane":
        """Return another thread of the same process."""
        return _Lane(self.pid, self.tid + number, self.zero_ns)

    def named(self, what: str, name: str) -> Event:
        """Make a metadata event: the name of the process, or of the thread."""
        return {**self._event("M", f"{what}_name", self.zero_ns), "args": {"name": name}}

    def lasting(self, name: str, first_ns: int, last_ns: int, **facts: Any) -> Event:
        """Make a complete event: one with a beginning and an end."""
        begun = self._event("X", name, first_ns)
        return {**begun, "dur": (last_ns - first_ns) / 1e3, "cat": CATEGORY, "args": facts}

    def instant(self, name: str, moment_ns: int, **facts: Any) -> Event:
        """Make an instant event, of this thread alone."""
        return {**self._event("i", name, moment_ns), "s": "t", "cat": CATEGORY, "args": facts}

    def _event(self, phase: str, name: str, moment_ns: int) -> Event:
        microseconds = (moment_ns - self.zero_ns) / 1e3
        return {"ph": phase, "name": name, "ts": microseconds, "pid": self.pid, "tid": self.tid}
