"""Documents of try --json become rows again, also those of an earlier gil-demo."""

import json

import pytest
from command_line import Command

from gil_demo.report.document import try_document
from gil_demo.results.numbers import Spread
from gil_demo.results.patterns import (
    Death,
    Ending,
    Finding,
    Frame,
    PatternRow,
    TryResult,
    from_text,
)
from gil_demo.results.reading import UnreadableDocument
from gil_demo.words import each

FIRST = """
{
  "format": "gil-demo/try",
  "version": 1,
  "patterns": [
    {
      "name": "borrowed-reference",
      "half": "unsafe",
      "runs": 2,
      "expected": "crash",
      "as_expected": 2,
      "outcomes": {"crash": 2},
      "evidence": "SIGSEGV 2 ms after the owner dropped the last reference it had",
      "seconds": {"median": 0.015, "low": 0.014, "high": 0.016}
    }
  ]
}
"""
"""A document as gil-demo 0.1 wrote it: what a half found or died of is told in words only."""

ROWS = (
    PatternRow(
        "lock-order",
        "unsafe",
        2,
        "deadlock",
        1,
        {"deadlock": 1, "unfinished": 1},
        "each waited",
        Spread(0.2, 0.1, 0.3),
        death=Death(
            "deadlock",
            "deadlock",
            note="each waited",
            after_ms=2.5,
            stacks=((Frame("lock_order.py", 54, "unsafe"),), ()),
        ),
    ),
    PatternRow(
        "lock-order",
        "safe",
        1,
        "ok",
        1,
        {"ok": 1},
        "additions: 2, as it should be",
        Spread(0.2, 0.1, 0.3),
        finding=Finding("ok", "additions", "", 2, (2.0, 3)),
    ),
)


def test_rows_are_read_back_as_they_were_written() -> None:
    """With all that is known of how each half ended."""
    assert from_text(json.dumps(try_document(TryResult(ROWS)))) == TryResult(ROWS)


def test_a_document_of_the_first_version_is_read() -> None:
    """It has the sentence, and neither a finding nor a death."""
    (row,) = from_text(FIRST).patterns
    assert (row.name, row.outcomes, row.seconds.high) == (
        "borrowed-reference",
        {"crash": 2},
        0.016,
    )
    assert row.evidence.startswith("SIGSEGV 2 ms")
    assert (row.finding, row.death) == (None, None)


def test_what_the_command_writes_is_read(command: Command) -> None:
    """A real document, from a real run; a fatal error has a text, a bare crash has none."""
    unsafe, safe = from_text(command("try", "missing-end", "--json").stdout).patterns
    assert unsafe.death is not None
    assert unsafe.death.outcome in each(unsafe.expected)
    assert (unsafe.death.fatal_error is not None) == (unsafe.death.outcome == "fatal-error")
    assert unsafe.death.stacks[0][0].file == "missing_end.py"
    assert safe.finding is not None
    assert safe.finding.found == safe.finding.expected


def test_a_row_that_is_at_fault_is_named() -> None:
    """By its place in the document."""
    document = try_document(TryResult(ROWS))
    document["patterns"][1]["outcomes"] = {"fine": 1}
    with pytest.raises(UnreadableDocument, match=r'^patterns\[1\]\.outcomes \(a name\) is "fine"'):
        from_text(json.dumps(document))


@pytest.mark.parametrize("left", [Finding("ok", "it went well"), Death("crash", "signal")])
def test_an_ending_has_the_outcome_of_what_was_left(left: Finding | Death) -> None:
    """Found or died."""
    assert Ending(left, 0.1).outcome == left.outcome
