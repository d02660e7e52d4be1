"""The step about the lock: what it says of races made by hand."""

from dataclasses import replace

import pytest

from gil_demo.results.run import Panel, RunResult
from gil_demo.tour.steps import one_lock


@pytest.fixture
def held(made: RunResult) -> Panel:
    """Two held calls, of 30 ms each, one after the other."""
    return made.picture[0]


def test_calls_that_follow_each_other_confirm_the_second_answer(held: Panel) -> None:
    """The interval is told, and each call was longer."""
    seen = one_lock.judge(held, could_meet=True, gil_enabled=True)
    assert (seen.state, seen.right) == ("shown", 1)
    assert seen.remarks[2].startswith("No: each call ran through, 30 ms and more")
    assert "after 5 ms" in seen.remarks[2]


def test_calls_that_cannot_meet_anyhow_show_nothing(held: Panel) -> None:
    """Where released calls never met either, it was perhaps not the lock."""
    seen = one_lock.judge(held, could_meet=False, gil_enabled=True)
    assert (seen.state, seen.right) == ("inconclusive", None)
    assert "too busy" in seen.reason


def test_two_held_calls_inside_contradict_whatever_else_met(held: Panel) -> None:
    """No machine can make them meet."""
    seen = one_lock.judge(replace(held, peak_inside=2), could_meet=False, gil_enabled=True)
    assert seen.state == "contradicted"
