"""Tables: their house style, and columns of which the lesser ones go first where it is narrow."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console, ConsoleOptions, JustifyMethod, RenderResult
from rich.measure import Measurement
from rich.rule import Rule
from rich.table import Table
from rich.text import Text


@dataclass(frozen=True, slots=True)
class Column:
    """A column's header and cells, which every form of a table shows.

    Figures stand to the right, and words to the left. Of several columns that do not fit,
    the one with the highest `rank` goes first.
    """

    header: str
    cells: tuple[str | Text, ...]
    rank: int = 0
    figures: bool = True


def words(header: str, cells: Iterable[str | Text], rank: int = 0) -> Column:
    """Make a column of words."""
    return Column(header, tuple(cells), rank, figures=False)


def rule(title: Text) -> Rule:
    """Make a heading with a rule behind it, in the colour of the text."""
    return Rule(title, align="left", style="dim")


def address_line(address: str, console: Console) -> Text:
    """Make a line of an address.

    One that is longer than the screen is wide is left whole, so that it can be copied, but in
    a picture it is folded, so that it can be read.
    """
    whole = not console.record
    return Text(address, "dim", no_wrap=whole, overflow="ignore" if whole else "fold")


def ruled_table() -> Table:
    """Make an empty table in the house style: a rule under the header, and no frame."""
    return Table(box=box.SIMPLE_HEAD, padding=(0, 0, 0, 1), pad_edge=False, show_edge=False)


@dataclass(frozen=True, slots=True)
class FittingTable:
    """A table that leaves out columns, and says so, until it fits."""

    title: str
    columns: tuple[Column, ...]
    styles: tuple[str, ...]
    breaks: frozenset[int]
    caption: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        shown = list(self.columns)
        table = self._table(shown)
        while len(shown) > 1 and not _fits(table, console, options):
            shown.remove(max(reversed(shown), key=lambda column: column.rank))
            table = self._table(shown)
        if self.title:
            yield Text(self.title, style="bold")
        yield table
        caption = self.caption
        if len(shown) < len(self.columns):
            left_out = [
                column.header.replace("\n", " ") for column in self.columns if column not in shown
            ]
            caption += f" Left out at this width: {', '.join(left_out)}."
        if caption:
            yield Text(caption.strip(), style="dim")

    def _table(self, columns: Sequence[Column]) -> Table:
        table = ruled_table()
        for column in columns:
            justify: JustifyMethod = "right" if column.figures else "left"
            table.add_column(column.header, justify=justify, no_wrap=True)
        for row, style in enumerate(self.styles):
            if row in self.breaks:
                table.add_section()
            table.add_row(*(column.cells[row] for column in columns), style=style)
        return table


def _fits(table: Table, console: Console, options: ConsoleOptions) -> bool:
    unlimited = options.update(width=10_000)
    return Measurement.get(console, unlimited, table).maximum <= options.max_width
