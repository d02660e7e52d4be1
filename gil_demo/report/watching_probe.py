"""What a probe found: one line that answers, the figures behind it, and one call in time."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, astuple, dataclass
from textwrap import shorten
from typing import Any

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from gil_demo.files import printable
from gil_demo.notation import count, duration, share
from gil_demo.report.document import json_text
from gil_demo.report.kit.columns import Column, FittingTable, words
from gil_demo.report.kit.gfm import fenced, plain, table
from gil_demo.report.kit.pictures import ShownInNotebooks
from gil_demo.report.kit.report import Texts
from gil_demo.report.kit.screen import screen
from gil_demo.report.watching_picture import coverage
from gil_demo.results.watching import NamedProbe, ProbeResult, SelfTestRow
from gil_demo.words import ProbeState

STATE_STYLES: dict[ProbeState, str] = {
    "releases": "bold green",
    "holds": "bold red",
    "mixed": "bold yellow",
    "inconclusive": "bold yellow",
}

MAX_STATEMENT = 50
MARKDOWN_COLUMNS = 80
LABEL_COLUMNS = 10
MOST = 0.5
"""From here on, a share of waiting, or of other threads, is part of the answer."""


def probe_sentence(result: ProbeResult) -> str:
    """Answer in one line, without the name of what was called."""
    if result.state == "inconclusive":
        return f"no answer: {result.reason}"
    held = f"held for {share(result.held_share)} of {duration(result.call_ns / 1e9)}"
    if result.state == "releases":
        answer = f"releases the GIL ({held})"
    elif result.state == "holds":
        answer = f"holds the GIL ({held})"
    else:
        answer = f"mixed ({held}; longest hold {duration(result.longest_hold_seconds)})"
    waited = result.waited_seconds / result.wall_seconds
    if waited >= MOST:
        answer += f"; for {share(waited)} of the time it waited, while other threads had the GIL"
    return answer


@dataclass(frozen=True)
class ProbeReport(ShownInNotebooks):
    """A `ProbeResult` that draws itself wherever rich draws, and tells all in its ``repr``."""

    result: ProbeResult

    @property
    def releases(self) -> bool:
        """Whether the call releases the GIL for all of its time but its ways in and out."""
        return self.result.releases

    @property
    def holds(self) -> bool:
        """Whether the call keeps the GIL throughout."""
        return self.result.holds

    def screen(self) -> "ProbeReport":
        """Return what a terminal and a picture show."""
        return self

    def texts(self) -> Texts:
        """Return what makes each text, by the option that asks for it."""
        return {
            "json": lambda: json_text(probe_document(self.result)),
            "markdown": lambda: fenced(screen().text(self, MARKDOWN_COLUMNS), "text"),
        }

    def __repr__(self) -> str:
        result = self.result
        name = shorten(result.statement, MAX_STATEMENT, placeholder="...")
        return (
            f"<{name}: {probe_sentence(result)}; hand-overs: {result.hand_overs}"
            f" in {count(result.calls, 'call')}, longest hold"
            f" {duration(result.longest_hold_seconds)}>"
        )

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        result = self.result
        for line in map(printable, result.statement.splitlines()):
            fits = len(line) <= options.max_width
            yield Text(line if fits else f"{line[: options.max_width - 3]}...", "bold")
        yield Text(probe_sentence(result), STATE_STYLES[result.state])
        if not result.calls:
            return
        yield Text()
        grid = Table.grid(padding=(0, 2))
        for label, fact in _facts(result):
            grid.add_row(Text(label, "bold"), fact)
        yield grid
        yield Text()
        yield from _call_picture(result, options)


def _facts(result: ProbeResult) -> Iterator[tuple[str, str]]:
    """Write the figures, a line each; of other threads only if there were any."""
    wall = result.wall_seconds
    yield "calls", f"{result.calls:,} in {duration(wall)}"
    yield "held", f"{duration(result.held_seconds)}, {share(result.held_seconds / wall)} of it"
    released = result.released_seconds
    yield "released", f"{duration(released)}, {share(released / wall)} of it"
    if result.waited_seconds / wall >= 0.001:
        waited = result.waited_seconds
        yield "waited", f"{duration(waited)}, {share(waited / wall)} of it, for other threads"
    often = f"{result.hand_overs / result.calls:.3g} a call"
    yield "dropped it", f"{count(result.hand_overs, 'time')}, {often}"
    yield "longest hold", f"{duration(result.longest_hold_seconds)} within one call"
    yield (
        "processor",
        (
            f"{duration(result.own_cpu_seconds)} in the calling thread,"
            f" {duration(max(0.0, result.cpu_seconds - result.own_cpu_seconds))} in others"
        ),
    )
    if result.other_threads:
        yield (
            "others",
            (
                f"{count(result.other_threads, 'other thread')} had the GIL for"
                f" {duration(result.other_threads_held_seconds)} meanwhile"
            ),
        )


def _call_picture(result: ProbeResult, options: ConsoleOptions) -> Iterator[Text]:
    """Draw one lane: full where the GIL is held, light where it is not."""
    columns = max(10, options.max_width - LABEL_COLUMNS - 1)
    full, part, light = "#+." if options.ascii_only else "█▒░"
    lane = Text(f"{'one call':<{LABEL_COLUMNS}}", no_wrap=True)
    for covered in coverage(result.picture, 0, result.call_ns, columns):
        if covered >= 0.5:
            lane.append(full, "red")
        else:
            lane.append(part if covered > 0 else light, "yellow" if covered > 0 else "green")
    yield lane
    yield Text(
        f"{'':<{LABEL_COLUMNS}}{duration(result.call_ns / 1e9)}; {full} has the GIL,"
        f" {part} for less than half of a column, {light} has it not",
        "dim",
    )


@dataclass(frozen=True)
class ProbesTable:
    """Statements by name: does it release the GIL, and why; the why takes the room there is."""

    rows: tuple[NamedProbe, ...]
    title: str

    def screen(self) -> "ProbesTable":
        """Return what a terminal and a picture show."""
        return self

    def texts(self) -> Texts:
        """Return what makes each text, by the option that asks for it."""
        title = f"**{plain(self.title)}**"
        return {
            "json": lambda: json_text(probes_document(self.rows, self.title)),
            "markdown": lambda: f"{title}\n\n{table(self.columns)}\n{plain(OTHER_CPU)}\n",
        }

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns, for every form of the table."""
        results = [row.result for row in self.rows]
        return (
            words("statement", (row.name for row in self.rows)),
            words("GIL", (_short(result) for result in results)),
            Column("held", tuple(share(one.held_share) if one.calls else "-" for one in results)),
            Column("a call", tuple(_if_called(one, one.call_ns / 1e9) for one in results)),
            Column(
                "longest\nhold", tuple(_if_called(one, one.longest_hold_seconds) for one in results)
            ),
            Column("drops\na call", tuple(_drops(one) for one in results)),
            Column("other\nCPU", tuple(_other_cpu(one) for one in results)),
            words("why", (row.why for row in self.rows)),
        )

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        statement, gil, held, a_call, longest, drops, cpu, why = self.columns
        shown = [statement, gil, held, a_call, longest, drops, cpu, why]
        if options.max_width < 110:
            shown = [statement, gil, held, a_call, why]
        if options.max_width < 70:
            shown = [statement, gil, held]
        drawn = Table(box=box.SIMPLE_HEAD, padding=(0, 0, 0, 1), pad_edge=False, show_edge=False)
        for column in shown:
            drawn.add_column(
                column.header,
                justify="right" if column.figures else "left",
                no_wrap=column is not why and column is not statement,
            )
        for at, row in enumerate(self.rows):
            if at and row.group != self.rows[at - 1].group:
                drawn.add_section()
            style = STATE_STYLES[row.result.state].removeprefix("bold ")
            cells = [Text(str(column.cells[at]), style) for column in shown]
            drawn.add_row(*cells)
        yield Text(self.title, "bold")
        yield drawn
        if cpu in shown:
            yield Text(OTHER_CPU, "dim")
        for row in self.rows:
            if row.result.state == "inconclusive":
                yield Text(f"{row.name}: {row.result.reason}", "yellow")


OTHER_CPU = "Other CPU: the part of the processor time that other threads spent, as those of BLAS."


def _short(result: ProbeResult) -> str:
    return "no answer" if result.state == "inconclusive" else result.state


def _if_called(result: ProbeResult, seconds: float) -> str:
    return duration(seconds) if result.calls else "-"


def _drops(result: ProbeResult) -> str:
    return f"{result.hand_overs / result.calls:.3g}" if result.calls else "-"


def _other_cpu(result: ProbeResult) -> str:
    others = max(0.0, result.cpu_seconds - result.own_cpu_seconds)
    return share(others / result.cpu_seconds) if result.cpu_seconds else "-"


@dataclass(frozen=True)
class SelfTestReport:
    """The self-test in every form; `promised` is the largest error in points."""

    rows: tuple[SelfTestRow, ...]
    promised: float

    @property
    def kept(self) -> bool:
        """Whether every row keeps the promise."""
        return all(abs(row.error_points) <= self.promised for row in self.rows)

    def screen(self) -> FittingTable:
        """Return what a terminal and a picture show."""
        return selftest_table(self.rows, self.promised)

    def texts(self) -> Texts:
        """Return what makes each text, by the option that asks for it."""
        shown = self.screen()
        return {
            "json": lambda: json_text(selftest_document(self.rows)),
            "markdown": lambda: f"{table(shown.columns)}\n{plain(shown.caption)}\n",
        }


def selftest_table(rows: Sequence[SelfTestRow], promised: float) -> FittingTable:
    """Show known duty cycles, what the hand-overs tell of them, and how far off that is."""
    worst = max(abs(row.error_points) for row in rows)
    return FittingTable(
        title="Self-test: C that holds the GIL for a known part of each period",
        columns=(
            Column("period\nms", tuple(f"{row.period_ms:g}" for row in rows)),
            words("released\npart", (row.released_part for row in rows)),
            Column("true %", tuple(_true(row) for row in rows)),
            Column("told %", tuple(f"{row.measured_share * 100:.3f}" for row in rows)),
            Column("error\npoints", tuple(f"{row.error_points:+.3f}" for row in rows)),
        ),
        styles=tuple("" if abs(row.error_points) <= promised else "red" for row in rows),
        breaks=frozenset(
            at for at in range(1, len(rows)) if rows[at].period_ms != rows[at - 1].period_ms
        ),
        caption=f"The largest error is {worst:.3f} points; promised: at most {promised:g}.",
    )


def _true(row: SelfTestRow) -> str:
    """Write the true share, or the range that it is known to lie in."""
    low, high = f"{row.true_share_low * 100:.3f}", f"{row.true_share_high * 100:.3f}"
    return low if low == high else f"{low}-{high}"


def probe_document(result: ProbeResult) -> dict[str, Any]:
    """Make the document that `gil-demo probe --json` prints, as plain data."""
    content = asdict(result)
    content["picture"] = [astuple(one)[:3] for one in result.picture]
    return {"format": "gil-demo/probe", "version": 1, **content}


def probes_document(rows: Sequence[NamedProbe], title: str) -> dict[str, Any]:
    """Make the document that `gil-demo probe --numpy --json` prints, as plain data."""
    found = []
    for row in rows:
        content = probe_document(row.result)
        del content["format"], content["version"], content["picture"]
        found.append({"group": row.group, "name": row.name, "why": row.why, **content})
    return {"format": "gil-demo/probes", "version": 1, "title": title, "statements": found}


def selftest_document(rows: Sequence[SelfTestRow]) -> dict[str, Any]:
    """Make the document that `gil-demo probe --selftest --json` prints, as plain data."""
    found = [{**asdict(row), "error_points": row.error_points} for row in rows]
    return {"format": "gil-demo/selftest", "version": 1, "cycles": found}
