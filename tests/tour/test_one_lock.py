"""The step about the lock: what it says of races made by hand."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from gil_demo.host import machine
from gil_demo.progress import unseen
from gil_demo.results.patterns import PatternRow
from gil_demo.results.run import Panel, RunResult
from gil_demo.tour.steps import one_lock
from gil_demo.words import HALVES, State

Rows = Callable[..., tuple[PatternRow, ...]]

RELYING = [(one_lock.RELIES_ON_GIL, half) for half in HALVES]


@pytest.fixture
def held(made: RunResult) -> Panel:
    """Two held calls, of 30 ms each, one after the other."""
    return made.picture[0]


def test_calls_that_follow_each_other_confirm_the_second_answer(held: Panel) -> None:
    """The interval is told, and each call was longer."""
    seen = one_lock.judge(held, could_meet=True)
    assert (seen.state, seen.right) == ("shown", 1)
    assert seen.remarks[2].startswith("No: each call ran through, 30 ms and more")
    assert "after 5 ms" in seen.remarks[2]


def test_calls_that_cannot_meet_anyhow_show_nothing(held: Panel) -> None:
    """Where released calls never met either, it was perhaps not the lock."""
    seen = one_lock.judge(held, could_meet=False)
    assert (seen.state, seen.right) == ("inconclusive", None)
    assert "too busy" in seen.reason


def test_two_held_calls_inside_contradict_whatever_else_met(held: Panel) -> None:
    """No machine can make them meet."""
    seen = one_lock.judge(replace(held, peak_inside=2), could_meet=False)
    assert seen.state == "contradicted"


# Without a GIL


@pytest.fixture
def attached(held: Panel) -> Panel:
    """Two calls that were inside at one moment."""
    return replace(held, peak_inside=2)


def test_without_a_gil_two_attached_calls_confirm_the_first_answer(
    attached: Panel, ended: Rows
) -> None:
    """And C that relied on a GIL is told beside it, with the numbers that it lost."""
    seen = one_lock.judge_without_gil(attached, ended(RELYING))
    assert (seen.state, seen.right) == ("shown", 0)
    assert "2 were inside" in seen.remarks[0]
    assert "gil-as-lock unsafe was seen" in seen.remarks[0]


def test_without_a_gil_calls_that_did_not_meet_show_nothing(held: Panel, ended: Rows) -> None:
    """Perhaps the second had no core before the first was done."""
    seen = one_lock.judge_without_gil(held, ended(RELYING))
    assert (seen.state, seen.right) == ("inconclusive", None)
    assert "too busy" in seen.reason


def test_without_a_gil_c_that_lost_nothing_contradicts(attached: Panel, ended: Rows) -> None:
    """Its interleaving is forced, so it must lose."""
    rows = ended(RELYING, {(one_lock.RELIES_ON_GIL, "unsafe"): "ok"})
    seen = one_lock.judge_without_gil(attached, rows)
    assert (seen.state, seen.right) == ("contradicted", None)


def test_a_real_run_shows_the_answer_of_this_interpreter() -> None:
    """Or says that the machine was too busy; it never contradicts."""
    seen = one_lock.run(unseen)
    shown: tuple[State, int | None] = ("shown", 1 if machine.gil_enabled() else 0)
    assert (seen.state, seen.right) in {shown, ("inconclusive", None)}, seen.reason
