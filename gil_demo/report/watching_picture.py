"""Lanes of who has the GIL and who waits for it: the whole run, and the worst moment enlarged."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from gil_demo.notation import count, duration
from gil_demo.results.watching import Hold, Lane, Stretch, WatchResult

MAX_LANES = 12
LABEL_COLUMNS = 16
MIN_LANE_COLUMNS = 10
MOSTLY, PARTLY = 0.5, 0.05
"""From these shares of a column's time on, the column is drawn as that."""


@dataclass(frozen=True, slots=True)
class LaneMarks:
    """The characters of a lane: the thread has the GIL, partly; it waits for it, partly; else."""

    has: str
    partly_has: str
    waits: str
    partly_waits: str
    axis: str


UNICODE = LaneMarks("█", "▄", "▒", "░", "─")
ASCII = LaneMarks("#", "=", ":", ".", "-")

HAS_STYLE, WAITS_STYLE = "green", "yellow"


def coverage(stretches: Sequence[Stretch], start_ns: int, end_ns: int, columns: int) -> list[float]:
    """Compute the share of each column's time that the stretches cover."""
    covered = [0.0] * columns
    width = max(1, end_ns - start_ns) / columns
    for one in stretches:
        first, last = (one.start_ns - start_ns) / width, (one.end_ns - start_ns) / width
        for column in range(max(0, int(first)), min(columns, int(last) + 1)):
            within = min(last, column + 1) - max(first, column)
            covered[column] += max(0.0, within) * one.share
    return covered


@dataclass(frozen=True)
class LanesPicture:
    """Draws the lanes of a watch at the width of whatever it is drawn on."""

    result: WatchResult

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        marks = ASCII if options.ascii_only else UNICODE
        columns = max(MIN_LANE_COLUMNS, options.max_width - LABEL_COLUMNS - 1)
        result = self.result
        yield Text("Who had the GIL: the whole run", "bold")
        yield from _lanes(result.lanes, 0, int(result.seconds * 1e9), columns, marks)
        worst = result.worst
        if worst and result.holds:
            yield Text()
            yield Text(worst_title(result.holds[0]), "bold")
            yield from _lanes(worst.lanes, worst.start_ns, worst.end_ns, columns, marks)
        yield Text(
            f"{marks.has} has the GIL ({marks.partly_has} for less than half of the column),"
            f" {marks.waits} waits for it ({marks.partly_waits} likewise),"
            " blank: runs without it, or sleeps",
            "dim",
        )


def worst_title(hold: Hold) -> str:
    """Say what the enlarged moment is."""
    waiters = len(hold.waiters)
    return (
        f"The worst moment, enlarged: {hold.thread} had it for {duration(hold.seconds)},"
        f" and {count(waiters, 'thread')} waited"
    )


def _lanes(
    lanes: Sequence[Lane], start_ns: int, end_ns: int, columns: int, marks: LaneMarks
) -> Iterator[Text]:
    """Draw the busiest lanes in the order in which the threads began, and the axis."""
    busiest = sorted(lanes, key=_busy)[-MAX_LANES:]
    for lane in lanes:
        if any(lane is one for one in busiest):
            yield _lane(lane, start_ns, end_ns, columns, marks)
    yield _axis(start_ns, end_ns, columns, marks)
    if len(lanes) > MAX_LANES:
        yield Text(f"{len(lanes) - MAX_LANES} threads that had it less are left out.", "dim")


def _busy(lane: Lane) -> float:
    return sum((one.end_ns - one.start_ns) * one.share for one in (*lane.holds, *lane.waits))


def _lane(lane: Lane, start_ns: int, end_ns: int, columns: int, marks: LaneMarks) -> Text:
    text = Text(f"{_label(lane.thread):<{LABEL_COLUMNS}}", no_wrap=True)
    has = coverage(lane.holds, start_ns, end_ns, columns)
    waits = coverage(lane.waits, start_ns, end_ns, columns)
    for held, waited in zip(has, waits, strict=True):
        if held >= MOSTLY:
            text.append(marks.has, HAS_STYLE)
        elif waited >= MOSTLY:
            text.append(marks.waits, WAITS_STYLE)
        elif held >= PARTLY and held >= waited:
            text.append(marks.partly_has, HAS_STYLE)
        elif waited >= PARTLY:
            text.append(marks.partly_waits, WAITS_STYLE)
        else:
            text.append(marks.partly_has if held > 0 else " ", HAS_STYLE)
    return text


def _label(thread: str) -> str:
    """Shorten a thread's name, and keep its number.

    That is behind the name of a pool, and in front in the names that ``threading`` gives.
    """
    room = LABEL_COLUMNS - 1
    if re.match(r"Thread-\d+ \(", thread) and len(thread) > room:
        return f"{thread[: room - 2]}.."
    return thread if len(thread) <= room else f"{thread[: room - 7]}..{thread[-5:]}"


def _axis(start_ns: int, end_ns: int, columns: int, marks: LaneMarks) -> Text:
    """Draw a line with the moments of its two ends."""
    first, last = duration(start_ns / 1e9), duration(end_ns / 1e9)
    line = f"{first} {marks.axis * max(1, columns - len(first) - len(last) - 2)} {last}"
    return Text(f"{'':<{LABEL_COLUMNS}}{line}", "dim", no_wrap=True)
