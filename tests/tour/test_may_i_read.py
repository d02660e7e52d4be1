"""The step about owning and borrowing: what is said of endings made by hand, and a real run."""

from collections.abc import Callable

import pytest

from gil_demo.results.lesson import Table
from gil_demo.results.patterns import PatternRow
from gil_demo.tour.steps import may_i_read
from gil_demo.words import Half, Outcome, State

Rows = Callable[..., tuple[PatternRow, ...]]


def test_only_an_owned_array_lives(ended: Rows) -> None:
    """Owned by C or its caller it is read, owned by nobody it is gone."""
    seen = may_i_read.judge(ended(may_i_read.OWNERS))
    assert (seen.state, seen.right, seen.reason) == ("shown", 1, "")
    assert seen.remarks[0].startswith(
        "No. With no owner left: crash, as freed elements are guarded"
    )
    assert all(seen.remarks)


def test_the_table_has_an_owner_a_row(ended: Rows) -> None:
    """Each with what it ended in, and what was seen in a clause."""
    (table,) = may_i_read.judge(ended(may_i_read.OWNERS)).figures
    assert isinstance(table, Table)
    assert table.rows[:2] == (
        (
            "the list, until it is cleared",
            "crash",
            "SIGSEGV 2 ms after borrowed-reference unsafe began",
        ),
        ("C itself: a new reference", "ok", "borrowed-reference safe was seen"),
    )


@pytest.mark.parametrize(
    ("half", "outcome", "state"),
    [
        ("unsafe", "ok", "contradicted"),
        ("safe", "wrong-value", "contradicted"),
        ("unsafe", "unfinished", "inconclusive"),
    ],
)
@pytest.mark.parametrize("name", ["borrowed-reference", "temporary-pointer"])
def test_nothing_is_claimed_of_another_ending(
    ended: Rows, name: str, half: Half, outcome: Outcome, state: State
) -> None:
    """No answer is confirmed, and no remark made, but the table shows what happened."""
    seen = may_i_read.judge(ended(may_i_read.OWNERS, {(name, half): outcome}))
    assert (seen.state, seen.right) == (state, None)
    assert not any(seen.remarks)
    assert f"{half} half of {name}" in seen.reason
    (table,) = seen.figures
    assert isinstance(table, Table)
    assert outcome in {row[1] for row in table.rows}


def test_a_real_run_confirms_the_second_answer() -> None:
    """Guarded pages make it happen every time."""
    steps = []
    seen = may_i_read.run(lambda done, all_steps: steps.append((done, all_steps)))
    assert (seen.state, seen.right) == ("shown", 1), seen.reason
    assert steps[0] == (0, 4)
    assert steps[-1] == (4, 4)
