"""The figures of a lesson's step, drawn as the other commands draw theirs."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import assert_never

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from gil_demo import notation
from gil_demo.report.gallery import C_THEME, trial_grid
from gil_demo.report.kit.columns import Column, FittingTable, ruled_table
from gil_demo.report.picture import Picture
from gil_demo.report.run_tables import responsiveness_table
from gil_demo.results import lesson
from gil_demo.results.lesson import Cell, Figure
from gil_demo.results.numbers import Spread

MAX_CODE_COLUMNS = 1000
"""More than any line of code has, to measure the longest one."""

MIN_REMARK_COLUMNS = 12
"""In less room beside the code a remark is hard to read, and stands below its line."""


def drawn(figure: Figure, *, legend: bool = True) -> RenderableType:
    """Draw a figure of a live run, lanes with or without what their signs mean."""
    match figure:
        case lesson.Lanes(panels, gil_enabled):
            return Picture(panels, gil_enabled, legend)
        case lesson.Responsiveness(rows, rounds):
            return responsiveness_table(rows, rounds)
        case lesson.Trials(rows):
            return trial_grid(rows)
        case lesson.Table():
            numbers = any(isinstance(cell, Cell) for row in figure.rows for cell in row)
            return _numbers(figure) if numbers or not figure.rows else _words(figure)
        case lesson.Code():
            return _Code(figure)
        case _:
            assert_never(figure)


def cell_text(cell: str | Cell | None) -> str:
    """Write a number with its unit and its spread; a dash where there is nothing to tell."""
    if not isinstance(cell, Cell):
        return cell or "-"
    unit = cell.unit if cell.unit in ("", "x") else f" {cell.unit}"
    middle = f"{cell.value:,.{cell.digits}f}{unit}"
    if cell.low is None or cell.high is None:
        return middle
    ends = notation.interval(Spread(cell.value, cell.low, cell.high), cell.digits)
    return f"{middle} ({ends})" if ends else middle


def _numbers(figure: lesson.Table) -> RenderableType:
    """Draw a table that leaves out columns where they do not fit: those with the proof last.

    Times and speed-ups depend on the machine. Counts decide a question, so they stay.
    """
    columns = tuple(
        Column(
            header,
            tuple(cell_text(row[at]) for row in figure.rows),
            0 if at == 0 or _counts(row[at] for row in figure.rows) else at,
            at > 0,
        )
        for at, header in enumerate(figure.header)
    )
    return FittingTable("", columns, ("",) * len(figure.rows), frozenset(), figure.caption)


def _counts(cells: Iterable[str | Cell | None]) -> bool:
    known = [cell for cell in cells if cell is not None]
    return all(isinstance(cell, Cell) and not cell.unit for cell in known)


def _words(figure: lesson.Table) -> RenderableType:
    """Draw a table whose cells are wrapped where they do not fit."""
    table = ruled_table()
    for header in figure.header:
        table.add_column(header)
    for row in figure.rows:
        table.add_row(*map(cell_text, row))
    return Group(table, Text(figure.caption, "dim")) if figure.caption else table


@dataclass(frozen=True, slots=True)
class _Code:
    """Lines of C with remarks beside them, or below them where the screen is narrow."""

    figure: lesson.Code

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement.get(console, options, self._grid(beside=True))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if self.figure.title:
            yield Text(self.figure.title, "bold")
        whole = options.update(width=MAX_CODE_COLUMNS)
        code = Measurement.get(console, whole, self._grid(beside=None)).maximum
        yield self._grid(beside=code + MIN_REMARK_COLUMNS <= options.max_width)

    def _grid(self, *, beside: bool | None) -> Table:
        """Draw the lines, with their remarks beside them, below them, or without any."""
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(justify="right", style="dim")
        grid.add_column(no_wrap=beside is not False)
        remarked = any(line.remark for line in self.figure.lines)
        for line in self.figure.lines:
            text = Syntax("", "c", theme=C_THEME).highlight(line.text)
            text.rstrip()
            text.no_wrap = beside is not False
            remark = (Text(line.remark, "bold"),) if remarked and beside else ()
            grid.add_row(str(line.number), text, *remark)
            if line.remark and beside is False:
                grid.add_row("", Text(line.remark, "bold"))
        return grid
