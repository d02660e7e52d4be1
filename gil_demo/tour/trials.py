"""Patterns that a step of the lesson tries once each, and how they ended."""

from collections.abc import Iterable, Mapping, Sequence

from gil_demo.gallery import registry
from gil_demo.host import machine
from gil_demo.progress import Progress
from gil_demo.results.lesson import Figure, Seen
from gil_demo.results.patterns import PatternRow
from gil_demo.sandbox.evidence import clause
from gil_demo.sandbox.rows import try_patterns
from gil_demo.words import Half, Outcome, either


def try_once(names: Iterable[tuple[str, Half]], progress: Progress) -> tuple[PatternRow, ...]:
    """Run halves of patterns, or of claims, each in a child process of its own."""
    tasks = [(subject, half) for name, half in names for subject in registry.subjects(name)]
    progress(0, len(tasks))
    return try_patterns(tasks, machine.usable_cores(), progress)


def row_of(rows: Iterable[PatternRow], name: str, half: Half) -> PatternRow:
    """Find the row of one half."""
    (row,) = (row for row in rows if (row.name, row.half) == (name, half))
    return row


def outcome_of(row: PatternRow) -> Outcome:
    """Return the outcome of the one run of a half."""
    (outcome,) = row.outcomes
    return outcome


def told_by(row: PatternRow) -> str:
    """Return the clause that says what was seen of a half."""
    left = row.finding or row.death
    return clause(left) if left else row.evidence


def told_rows(
    rows: Sequence[PatternRow], labels: Mapping[tuple[str, Half], str]
) -> tuple[tuple[str, ...], ...]:
    """Make a line of a table for each half that has a label: its outcome, and what was seen."""
    labelled = ((label, row_of(rows, *key)) for key, label in labels.items())
    return tuple((label, outcome_of(row), told_by(row)) for label, row in labelled)


def not_as_declared(
    rows: Sequence[PatternRow], figures: tuple[Figure, ...], remarks: tuple[str, ...] = ()
) -> Seen | None:
    """Check that every half ended as declared; if not, say which did not.

    A half that is left to chance declares nothing. One that did not get to its end says
    nothing, so it does not contradict either.
    """
    unexpected = [row for row in rows if row.half != "unforced" and not row.as_expected]
    for row in unexpected:
        if outcome_of(row) != "unfinished":
            ended = f"ended in {outcome_of(row)}, and {either(row.expected)} is what must happen"
            reason = f"the {row.half} half of {row.name} {ended}"
            return Seen.contradicted(reason, figures, remarks)
    for row in unexpected:
        why = f"did not get to its end ({row.evidence})"
        return Seen.open(f"the {row.half} half of {row.name} {why}", figures, remarks)
    return None
