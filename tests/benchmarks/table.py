"""The one table that a run of the benchmarks prints."""

from collections.abc import Mapping, Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from gil_demo.results.numbers import Spread

from .harness import Row

TOO_BUSY = 0.1
"""The share of the cores taken by others from which wall times are not to be trusted."""


def rows_table(rows: Sequence[Row]) -> Table:
    """What was measured, its target, whether it was met, and how it was measured."""
    table = Table(
        "what",
        "median\n(quartiles)",
        "target",
        "met",
        "how measured",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    for row in rows:
        table.add_row(row.what, _figures(row), _target(row), _met(row), Text(row.how, style="dim"))
    return table


def row_line(row: Row) -> str:
    """One row as soon as it is measured, for those who wait for the table."""
    figures = " ".join(_figures(row).split())
    return f"  {row.what}: {figures}; {row.how}"


def busy_line(busy: Mapping[str, float | None]) -> str:
    """How much of the cores others took during each benchmark, and whether that matters."""
    shares = (
        f"{name} {'unknown' if share is None else f'{share:.0%}'}" for name, share in busy.items()
    )
    told = f"Share of the cores that others took meanwhile: {', '.join(shares)}."
    if any(share and share > TOO_BUSY for share in busy.values()):
        told += " On a machine this busy, wall times and speed-ups say little."
    return told


def _figures(row: Row) -> str:
    if row.measured is None:
        return "-"
    middle = row.layout.format(row.measured.median)
    if row.measured.low == row.measured.high:
        return middle
    return f"{middle}\n({_bare(row, row.measured)})"


def _bare(row: Row, measured: Spread) -> str:
    """The quartiles without the unit, which the median has shown."""
    layout = row.layout[: row.layout.index("}") + 1]
    return f"{layout.format(measured.low)} to {layout.format(measured.high)}"


def _target(row: Row) -> str:
    return f"{row.target.sign} {row.target.limit:g}" if row.target else "-"


def _met(row: Row) -> Text:
    if row.target is None:
        return Text("-")
    if row.measured is None:
        return Text("skipped", style="yellow")
    met = row.target.met_by(row.measured.median)
    return Text("yes", style="green") if met else Text("no", style="bold red")
