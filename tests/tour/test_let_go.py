"""The step on releasing the GIL: what it says of calls that met, and of calls that did not."""

import os
from dataclasses import replace

import numpy as np
import pytest

from gil_demo.measuring.plan import Plan
from gil_demo.progress import unseen
from gil_demo.results.lesson import Lanes
from gil_demo.results.run import RunResult
from gil_demo.tour.steps import let_go


def test_released_calls_that_met_confirm_the_second_answer(made: RunResult) -> None:
    """Two inside at once, and the speed-up is told beside that of native threads."""
    seen = let_go.judge(made, 2)
    assert (seen.state, seen.right) == ("shown", 1)
    assert "1.94x" in seen.remarks[1]
    assert "1.96x" in seen.remarks[1]
    assert "on one core, too" in seen.remarks[2]


def test_where_no_core_can_be_chosen_nothing_is_said_of_one(made: RunResult) -> None:
    """The answer about cores stays without a remark."""
    assert let_go.judge(made, None).remarks[2] == ""


def test_a_race_on_one_core_gives_the_other_back() -> None:
    """Afterwards this thread may run where it could before."""
    cores = os.sched_getaffinity(0)
    plan = Plan.calibrated(np.ones(1000), "sum", (2,), 1, 0, frozenset())
    assert let_go.peak_on_one_core(plan) in {1, 2}
    assert os.sched_getaffinity(0) == cores


def never_met(made: RunResult) -> RunResult:
    """The same run, but in no race of its table were two calls inside."""
    rows = tuple(
        replace(row, peak_inside=replace(row.peak_inside, min=1, max=1)) for row in made.scaling
    )
    return replace(made, scaling=rows)


def test_released_calls_that_never_met_confirm_nothing(made: RunResult) -> None:
    """A busy machine is a reason to say nothing."""
    held, released = made.picture
    apart = replace(never_met(made), picture=(held, replace(released, peak_inside=1)))
    seen = let_go.judge(apart, 2)
    assert (seen.state, seen.right) == ("inconclusive", None)
    assert "busy" in seen.reason


def test_released_calls_that_met_in_the_picture_alone_have_met(made: RunResult) -> None:
    """The words must not say that they never did, with the picture above them."""
    seen = let_go.judge(never_met(made), 2)
    assert (seen.state, seen.right) == ("shown", 1)
    assert seen.remarks[0] == "No: 2 were inside at one moment, in the picture."


def test_released_calls_that_met_in_the_table_alone_are_told_so(made: RunResult) -> None:
    """The picture above the words shows them apart."""
    held, released = made.picture
    seen = let_go.judge(replace(made, picture=(held, replace(released, peak_inside=1))), 2)
    assert seen.state == "shown"
    assert seen.remarks[0] == "No: 2 were inside at one moment, in a race of the table."


def test_released_calls_that_have_not_met_are_made_longer(
    made: RunResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The race in which they do meet is the one that is drawn."""
    held, released = made.picture
    apart = replace(never_met(made), picture=(held, replace(released, peak_inside=1)))
    monkeypatch.setattr(let_go, "measure", lambda plan, progress: apart)
    monkeypatch.setattr(let_go, "record_meeting", lambda plan, mode: released)
    seen = let_go.run(unseen)
    assert seen.state == "shown"
    assert isinstance(seen.figures[0], Lanes)
    assert seen.figures[0].panels == (released,)
