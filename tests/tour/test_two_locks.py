"""The step about the deadlock: what is said of endings made by hand, and a real run."""

from collections.abc import Callable

import pytest

from gil_demo.gallery import registry
from gil_demo.results.lesson import Code, Seen, Trials
from gil_demo.results.patterns import PatternRow
from gil_demo.tour.steps import two_locks
from gil_demo.words import Half, Outcome, State

Rows = Callable[..., tuple[PatternRow, ...]]

HALVES: tuple[tuple[str, Half], ...] = ((two_locks.NAME, "unsafe"), (two_locks.NAME, "safe"))


def code_of(seen: Seen) -> Code:
    """The C of a page."""
    code, trials = seen.figures
    assert isinstance(trials, Trials)
    assert [row.half for row in trials.rows] == ["unsafe", "safe"]
    assert isinstance(code, Code)
    return code


def test_a_deadlock_confirms_the_second_answer(ended: Rows) -> None:
    """The interval that did not help is told beside the time that both were watched."""
    seen = two_locks.judge(ended(HALVES), gil_enabled=True)
    assert (seen.state, seen.right, seen.reason) == ("shown", 1, "")
    assert "the interval is 5 ms" in seen.remarks[0]
    assert "watched for 250 ms" in seen.remarks[0]
    assert all(seen.remarks)


def test_the_code_says_who_stood_where(ended: Rows) -> None:
    """The lines of the pattern's own C, by their numbers."""
    lines = registry.find(two_locks.NAME).source.splitlines()
    code = code_of(two_locks.judge(ended(HALVES), gil_enabled=True))
    assert [lines[line.number - 1].strip().startswith(line.text) for line in code.lines] == (
        [True] * 3
    )
    assert [line.remark for line in code.lines] == [
        "A has the mutex",
        "A waits for the GIL",
        "B has the GIL, waits for the mutex",
    ]
    first, end, other = (line.number for line in code.lines)
    opening = [at for at, line in enumerate(lines, start=1) if line == "{"]
    assert opening[0] < first < end < opening[1] < other < opening[2]


def test_without_a_gil_a_collection_takes_its_place(ended: Rows) -> None:
    """The same answer is right, with other lines, and no word of a switch interval."""
    seen = two_locks.judge(ended(HALVES), gil_enabled=False)
    assert (seen.state, seen.right, seen.reason) == ("shown", 1, "")
    assert "the interval" not in seen.remarks[0]
    assert [(line.text.strip(), line.remark) for line in code_of(seen).lines][1] == (
        "Py_BLOCK_THREADS",
        "A waits for the collection",
    )


@pytest.mark.parametrize("gil_enabled", [True, False])
@pytest.mark.parametrize(
    ("half", "outcome", "state"),
    [
        ("unsafe", "ok", "contradicted"),
        ("unsafe", "unfinished", "inconclusive"),
        ("safe", "deadlock", "contradicted"),
        ("safe", "unfinished", "inconclusive"),
    ],
)
def test_another_ending_is_not_explained_away(
    ended: Rows, half: Half, outcome: Outcome, state: State, gil_enabled: bool
) -> None:
    """Where both halves did not end as declared, nobody waits in the code unless they did."""
    rows = ended(HALVES, {(two_locks.NAME, half): outcome})
    seen = two_locks.judge(rows, gil_enabled=gil_enabled)
    assert (seen.state, seen.right) == (state, None)
    assert half in seen.reason
    assert any(seen.remarks) == (half == "safe")
    assert any(line.remark for line in code_of(seen).lines) == (half == "safe")


def test_a_real_run_ends_in_a_deadlock() -> None:
    """With the GIL, or with a collection where there is none."""
    steps = []
    seen = two_locks.run(lambda done, all_steps: steps.append((done, all_steps)))
    assert (seen.state, seen.right) == ("shown", 1), seen.reason
    assert steps == [(0, 2), (1, 2), (2, 2)]
