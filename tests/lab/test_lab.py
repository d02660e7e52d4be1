"""What a half works with: comparisons, and a note of what was done."""

import json
from dataclasses import asdict

import pytest

from gil_demo.lab.lab import Lab
from gil_demo.lab.memory import Memory
from gil_demo.results.patterns import Finding


@pytest.fixture(scope="module")
def lab() -> Lab:
    return Lab(Memory())


def test_equal_numbers_are_right(lab: Lab) -> None:
    """Whole or not, one or several."""
    assert lab.compare("sum", 3.0, 3) == Finding("ok", "sum", "", 3.0, 3)
    assert lab.compare("sums", (1.0, 2.0), (1, 2), "more").outcome == "ok"


def test_other_numbers_are_a_wrong_value(lab: Lab) -> None:
    """Found and expected are kept, not only told."""
    assert lab.compare("sum", 2, 3, "more") == Finding("wrong-value", "sum", "more", 2, 3)


@pytest.mark.parametrize("found", [float("nan"), float("inf"), (1.0, float("nan"))], ids=str)
def test_a_number_that_json_does_not_have_is_told_in_words(lab: Lab, found: float) -> None:
    """The finding can be written as JSON that any reader takes."""
    finding = lab.compare("sum", found, 3)
    assert finding.outcome == "wrong-value"
    assert finding.found is None
    json.dumps(asdict(finding), allow_nan=False)


def test_notes_and_findings_are_left_in_the_memory() -> None:
    """The process that watches reads them."""
    memory = Memory()
    one = Lab(memory)
    one.say("C began")
    one.expect_deadlock("nobody can go on")
    one.leave(Finding("ok", "it went well"))
    remains = memory.read()
    assert [note.text for note in remains.notes] == ["C began", "nobody can go on"]
    assert remains.expects_deadlock
    assert remains.finding == Finding("ok", "it went well")
