"""The picture: a lane a thread and one for the ticker, held above released, one time axis."""

from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderResult
from rich.padding import Padding
from rich.text import Text

from gil_demo import notation
from gil_demo.report.kit.palette import ASCII_MARKS, MODE_STYLES, TICKER_STYLE, UNICODE_MARKS, Marks
from gil_demo.results.run import GilHold, Panel, Span

TITLES = {
    "alone": "GIL {gil}: one call inside at a time, and no other Python thread runs",
    "together": "GIL {gil}: the calls run side by side, and so do other Python threads",
    "starved": "GIL {gil}: the calls run side by side; the ticker got no time meanwhile",
    "mixed": "GIL {gil}: not all calls were inside at once this time",
}
TITLES_OF_ONE_CALL = {
    "alone": "GIL {gil}: no other Python thread runs during the call",
    "together": "GIL {gil}: other Python threads run during the call",
    "starved": "GIL {gil}: the ticker got no time during the call",
}
TITLE_WITHOUT_GIL = "GIL {gil}, but there is none: side by side until a thread stops all others"

LABEL_COLUMNS = 10

HOLDERS = {-1: "t", 0: "o"}
"""Who has the GIL, beside the threads by their numbers: the ticker, or another thread."""

SELDOM = "."
MOST_OF_A_COLUMN = 0.5
"""Where the GIL is held for less than this share of a column, it is drawn as `SELDOM`."""

GIL_LEGEND = "has GIL: a thread's number, t the ticker, o another; . seldom"
MIN_LANE_COLUMNS = 8
AXIS_STEPS_MS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000)
MIN_COLUMNS_A_STEP = 8


@dataclass(frozen=True, slots=True)
class Scale:
    """How nanoseconds of one panel become columns; 0 ms is the first enter."""

    lead_ns: int
    total_ns: int
    columns: int

    def cells(self, first_ns: int, last_ns: int) -> slice:
        """Return the columns from one moment to another, at least one."""
        start = round((first_ns + self.lead_ns) * self.columns / self.total_ns)
        stop = round((last_ns + self.lead_ns) * self.columns / self.total_ns)
        start = min(max(start, 0), self.columns - 1)
        return slice(start, min(max(stop, start + 1), self.columns))


@dataclass(frozen=True, slots=True)
class Picture:
    """Draws the panels of a run at the width of whatever it is drawn on."""

    panels: tuple[Panel, ...]
    gil_enabled: bool
    legend: bool = True

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        marks = ASCII_MARKS if options.ascii_only else UNICODE_MARKS
        columns = max(MIN_LANE_COLUMNS, options.max_width - LABEL_COLUMNS - 1)
        scale = self._scale(columns)
        for position, panel in enumerate(self.panels):
            if position:
                yield Text()
            title = _title(panel) if self.gil_enabled else TITLE_WITHOUT_GIL
            yield Text(title.format(gil=panel.gil), style=f"bold {MODE_STYLES[panel.gil]}")
            yield from _lanes(panel, scale, marks)
        yield from _axis(scale, marks)
        if self.legend and any(panel.gil_lane is not None for panel in self.panels):
            yield Padding(Text(GIL_LEGEND, "dim"), (0, 0, 0, LABEL_COLUMNS))

    def _scale(self, columns: int) -> Scale:
        """Choose the scale that fits the longest panel, with the ticker's time before and after."""
        lead = total = 0
        for panel in self.panels:
            zero = _zero(panel)
            ends = [span.exit_ns for span in panel.spans]
            ends += [stretch.last_ns for stretch in panel.ticker]
            if panel.ticker:
                lead = max(lead, zero - panel.ticker[0].first_ns)
            total = max(total, max(ends) - zero)
        return Scale(lead, lead + total, columns)


def _title(panel: Panel) -> str:
    """Say how the calls of a race met, and whether the ticker ran meanwhile."""
    titles = TITLES if len(panel.spans) > 1 else TITLES_OF_ONE_CALL
    if panel.gil == "held" and panel.peak_inside == 1:
        return titles["alone"]
    if panel.peak_inside < len(panel.spans):
        return titles["mixed"]
    return titles["together" if _ticked(panel) else "starved"]


def _ticked(panel: Panel) -> bool:
    """Return whether the ticker ran during a call."""
    return any(
        stretch.first_ns < span.exit_ns and span.enter_ns < stretch.last_ns
        for stretch in panel.ticker
        for span in panel.spans
    )


def _zero(panel: Panel) -> int:
    return min(span.enter_ns for span in panel.spans)


def _lanes(panel: Panel, scale: Scale, marks: Marks) -> Iterator[Text]:
    zero = _zero(panel)
    style = MODE_STYLES[panel.gil]
    for span in panel.spans:
        yield _kernel_lane(span, zero, scale, marks, style)
    yield _ticker_lane(panel, zero, scale, marks)
    if panel.gil_lane is not None:
        yield _gil_lane(panel.gil_lane, zero, scale, style)


def _ticker_lane(panel: Panel, zero: int, scale: Scale, marks: Marks) -> Text:
    """Draw when the ticker ticked, and write into each gap how long no tick came.

    Where no tick came between the last one and the end of the calls, nobody knows how long
    that stall was: it goes to the edge.
    """
    lane = Text(f"{'ticker':<{LABEL_COLUMNS}}", no_wrap=True)
    column, previous_ns = 0, None
    for stretch in panel.ticker:
        cells = scale.cells(stretch.first_ns - zero, stretch.last_ns - zero)
        gap = max(0, cells.start - column)
        label = f"no tick for {_milliseconds(previous_ns, stretch.first_ns)}" if previous_ns else ""
        lane.append(_in_gap(label, gap), "dim")
        lane.append(marks.tick * (cells.stop - max(column, cells.start)), TICKER_STYLE)
        column, previous_ns = cells.stop, stretch.last_ns
    if stall := panel.open_stall:
        label = f"no tick for {_milliseconds(*stall)} or more"
        lane.append(_in_gap(label, scale.columns - column).rstrip(), "dim")
    return lane


def _in_gap(label: str, gap: int) -> str:
    """Write a label in the middle of a gap, if it fits in there."""
    return label.center(gap) if len(label) + 2 <= gap else " " * gap


def _gil_lane(holds: tuple[GilHold, ...], zero: int, scale: Scale, style: str) -> Text:
    """Find for each column the number of the thread that had the GIL for most of it."""
    had: list[dict[int, float]] = [{} for _ in range(scale.columns)]
    for one in holds:
        first, last = (
            (moment - zero + scale.lead_ns) * scale.columns / scale.total_ns
            for moment in (one.first_ns, one.last_ns)
        )
        for column in range(max(0, int(first)), min(scale.columns, int(last) + 1)):
            part = (min(last, column + 1) - max(first, column)) * one.share
            had[column][one.thread] = had[column].get(one.thread, 0.0) + part
    lane = Text(f"{'has GIL':<{LABEL_COLUMNS}}", no_wrap=True)
    for owners in had:
        if not owners:
            lane.append(" ")
        elif sum(owners.values()) < MOST_OF_A_COLUMN:
            lane.append(SELDOM, "dim")
        else:
            thread = max(owners, key=owners.__getitem__)
            lane.append(HOLDERS.get(thread, str(thread)), style if thread > 0 else TICKER_STYLE)
    return lane


def _kernel_lane(span: Span, zero: int, scale: Scale, marks: Marks, style: str) -> Text:
    cells = scale.cells(span.enter_ns - zero, span.exit_ns - zero)
    length = cells.stop - cells.start
    label = f" {_milliseconds(span.enter_ns, span.exit_ns)} in C "
    if len(label) + 2 > length:
        label = ""
    left = (length - len(label)) // 2
    lane = Text(f"{f'thread {span.thread}':<{LABEL_COLUMNS}}", no_wrap=True)
    lane.append(" " * cells.start)
    lane.append(marks.kernel * left, style)
    lane.append(label, f"bold {style}")
    lane.append(marks.kernel * (length - left - len(label)), style)
    return lane


def _milliseconds(first_ns: int, last_ns: int) -> str:
    return notation.milliseconds((last_ns - first_ns) / 1e9)


def _axis(scale: Scale, marks: Marks) -> Iterator[Text]:
    ms_a_column = scale.total_ns / 1e6 / scale.columns
    step = next(
        (step for step in AXIS_STEPS_MS if step / ms_a_column >= MIN_COLUMNS_A_STEP),
        AXIS_STEPS_MS[-1],
    )
    line = [marks.axis] * scale.columns
    numbers = [" "] * scale.columns
    for ms in range(0, int((scale.total_ns - scale.lead_ns) / 1e6) + 1, step):
        column = scale.cells(ms * 1_000_000, ms * 1_000_000).start
        label = f"{ms} ms" if ms == 0 else str(ms)
        if column + len(label) <= scale.columns:
            line[column] = marks.axis_tick
            numbers[column : column + len(label)] = label
    yield Text(" " * LABEL_COLUMNS + "".join(line), style="dim", no_wrap=True)
    yield Text(" " * LABEL_COLUMNS + "".join(numbers).rstrip(), style="dim", no_wrap=True)
