"""The step about writing: what is said of slices and cells made by hand, and a real run."""

from collections.abc import Callable

import pytest

from gil_demo.measuring.race import Race
from gil_demo.results.lesson import Table
from gil_demo.results.patterns import PatternRow
from gil_demo.results.run import Span
from gil_demo.tour.steps import may_i_write
from gil_demo.tour.steps.may_i_write import CELLS, Slices
from gil_demo.words import Half, Outcome, State

Rows = Callable[..., tuple[PatternRow, ...]]

MET = Slices(peak_inside=2, elements=1_000, right=1_000)


def test_a_lost_addition_confirms_the_third_answer(ended: Rows) -> None:
    """Forced it is lost every time, and by chance this time too."""
    seen = may_i_write.judge(MET, ended(CELLS))
    assert (seen.state, seen.right, seen.reason) == ("shown", 2, "")
    assert "lost-update unsafe was seen." in seen.remarks[0]
    assert seen.remarks[1].startswith("No: 2 kernels")
    assert "forced or left to chance, additions were lost" in seen.remarks[2]


@pytest.mark.parametrize(
    ("outcome", "said"), [("ok", "none this time"), ("unfinished", "forced, additions were lost.")]
)
def test_what_chance_did_not_do_is_not_claimed(ended: Rows, outcome: Outcome, said: str) -> None:
    """On one core it mostly goes well, and the step still shows what can happen."""
    seen = may_i_write.judge(MET, ended(CELLS, {("lost-update", "unforced"): outcome}))
    assert (seen.state, seen.right) == ("shown", 2)
    assert seen.remarks[2].endswith(said) or said in seen.remarks[2]
    assert "forced or left to chance" not in seen.remarks[2]


def test_kernels_that_never_met_do_not_refute_a_lock(ended: Rows) -> None:
    """One after the other they would have run with a lock too."""
    seen = may_i_write.judge(Slices(1, 1_000, 1_000), ended(CELLS))
    assert (seen.state, seen.right) == ("inconclusive", None)
    assert seen.remarks[1] == ""
    assert "busy" in seen.reason


def test_a_slice_that_is_not_as_written_contradicts(ended: Rows) -> None:
    """Nobody else wrote there."""
    seen = may_i_write.judge(Slices(2, 1_000, 999), ended(CELLS))
    assert (seen.state, seen.right) == ("contradicted", None)
    assert not any(seen.remarks)
    (table,) = seen.figures
    assert isinstance(table, Table)
    assert table.rows[0][1:] == ("wrong-value", "peak inside 2; 999 of 1,000 elements right")


@pytest.mark.parametrize(
    ("half", "outcome", "state"),
    [
        ("unsafe", "ok", "contradicted"),
        ("safe", "wrong-value", "contradicted"),
        ("unsafe", "unfinished", "inconclusive"),
    ],
)
def test_nothing_is_claimed_of_another_ending(
    ended: Rows, half: Half, outcome: Outcome, state: State
) -> None:
    """No answer is confirmed, and no remark made."""
    seen = may_i_write.judge(MET, ended(CELLS, {("lost-update", half): outcome}))
    assert (seen.state, seen.right) == (state, None)
    assert not any(seen.remarks)


def test_the_kernels_do_write(monkeypatch: pytest.MonkeyPatch) -> None:
    """An array that is left as it was does not pass for one that was written."""
    idle = Race((Span("released", 1, 0, 1), Span("released", 2, 1, 2)), (0.0, 0.0), 0.0)
    monkeypatch.setattr(may_i_write, "run_race", lambda mode, kernel, arrays, passes: idle)
    assert may_i_write.write_slices() == Slices(peak_inside=1, elements=1_000_000, right=0)


def test_a_real_run_loses_additions_and_no_slice() -> None:
    """Whether the kernels met is up to the machine; what they wrote is not."""
    steps = []
    seen = may_i_write.run(lambda done, all_steps: steps.append((done, all_steps)))
    assert seen.state != "contradicted", seen.reason
    assert seen.right == 2
    assert steps[0] == (0, may_i_write.RACES + 3)
    assert steps[-1] == (may_i_write.RACES + 3, may_i_write.RACES + 3)
    (table,) = seen.figures
    assert isinstance(table, Table)
    assert "1,000,000 of 1,000,000" in str(table.rows[0][2])
