"""What became of each half of each pattern, in a line."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from gil_demo.report.palette import OUTCOME_STYLES
from gil_demo.results import PatternRow
from gil_demo.words import Half

EVIDENCE_COLUMNS = 120
"""From this width on, the table of a run has room for evidence."""


@dataclass(frozen=True, slots=True)
class PatternsTable:
    """One line a pattern: what both halves ended in, and, where it is wide, what was seen."""

    rows: Sequence[PatternRow]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        table = Table(box=box.SIMPLE_HEAD, padding=(0, 0, 0, 1), pad_edge=False, show_edge=False)
        for header in ("pattern", "unsafe half", "safe half"):
            table.add_column(header, no_wrap=True)
        wide = options.max_width >= EVIDENCE_COLUMNS
        if wide:
            table.add_column("what was seen of the unsafe half")
        halves: dict[str, dict[Half, PatternRow]] = {}
        for row in self.rows:
            halves.setdefault(row.name, {})[row.half] = row
        for name, half in halves.items():
            evidence = [half["unsafe"].evidence] if wide else []
            table.add_row(
                name, outcomes_text(half["unsafe"]), outcomes_text(half["safe"]), *evidence
            )
        yield Text("Patterns: each hazard, unsafe and safe, run once", "bold")
        yield table
        if not wide:
            yield Text("What was seen: gil-demo try --all", "dim")


def outcomes_text(row: PatternRow) -> Text:
    """What it ended in, how often, and what was expected if that differs."""
    text = Text()
    for position, (outcome, count) in enumerate(sorted(row.outcomes.items())):
        text.append("\n" if position else "")
        text.append(outcome, OUTCOME_STYLES[outcome])
        if row.runs > 1:
            text.append(f" {count:,} of {row.runs:,}")
    if row.half != "unforced" and row.as_expected < row.runs:
        text.append(f"\nnot {row.expected}", "bold red")
    return text
