"""One line a pattern: how its halves ended."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from gil_demo.gallery.pattern import Pattern
from gil_demo.measuring.others import caution
from gil_demo.report.kit.columns import Column, ruled_table, words
from gil_demo.report.kit.palette import CAVEAT_STYLE, OUTCOME_STYLES
from gil_demo.results.patterns import PatternRow, TryResult
from gil_demo.words import HALVES, SAFE_WITH_GIL, Half, either

PATTERNS_TITLE = "Patterns: each hazard, unsafe and safe, run once"

EVIDENCE_COLUMNS = 120
"""From this width on, the table of a run has room for evidence."""


@dataclass(frozen=True, slots=True)
class PatternsTable:
    """One line a pattern: what both halves ended in, and, where it is wide, what was seen."""

    rows: Sequence[PatternRow]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        table = ruled_table()
        wide = options.max_width >= EVIDENCE_COLUMNS
        *ended, seen = patterns_columns(self.rows)
        for column in ended:
            table.add_column(column.header, no_wrap=True)
        if wide:
            table.add_column(seen.header)
        for cells in zip(*(one.cells for one in (*ended, seen)), strict=True):
            table.add_row(*cells[: len(table.columns)])
        yield Text(PATTERNS_TITLE, "bold")
        yield table
        if not wide:
            yield Text("What was seen: gil-demo try --all", "dim")


def trials_caution(trials: TryResult) -> str:
    """Warn of times that were measured while others used the machine; nothing without times."""
    timed = any(row.measured for row in trials.patterns)
    return caution(trials.environment) if timed and trials.environment else ""


def patterns_columns(rows: Sequence[PatternRow]) -> tuple[Column, ...]:
    """Make one row a pattern: the outcomes of both halves, and the evidence."""
    halves: dict[str, dict[Half, PatternRow]] = {}
    for row in rows:
        halves.setdefault(row.name, {})[row.half] = row
    unsafe, safe = ([half[one] for half in halves.values()] for one in HALVES)
    return (
        words("pattern", halves),
        words("unsafe half", map(outcomes_text, unsafe)),
        words("safe half", map(outcomes_text, safe)),
        words("what was seen of the unsafe half", (row.evidence for row in unsafe)),
    )


def outcomes_text(row: PatternRow) -> Text:
    """Write the outcomes, how often each came, and what was expected if that differs.

    Of a half that is safe only with a GIL it says so, where it was run without one.
    """
    text = Text()
    for position, (outcome, count) in enumerate(sorted(row.outcomes.items())):
        text.append("\n" if position else "")
        text.append(outcome, OUTCOME_STYLES[outcome])
        if row.runs > 1:
            text.append(f" {count:,} of {row.runs:,}")
    if row.caveat:
        text.append(f"\n{SAFE_WITH_GIL}", CAVEAT_STYLE)
    if row.half != "unforced" and row.as_expected < row.runs:
        text.append(f"\nnot {either(row.expected)}", "bold red")
    return text


def declared_text(pattern: Pattern, half: Half) -> str:
    """Name the outcome that a half must end in, and say if it needs a GIL that is not there."""
    caveat = pattern.caveat(half)
    return either(pattern.expected(half)) + (f", {SAFE_WITH_GIL}: {caveat}" if caveat else "")
