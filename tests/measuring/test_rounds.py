"""Interleaved rounds: every job once a round, in an order drawn anew, and told as it goes."""

from collections.abc import Callable
from functools import partial

import pytest

from gil_demo.measuring.rounds import interleaved
from gil_demo.progress import part


def noting(done: list[str]) -> dict[str, Callable[[], int]]:
    """Jobs that note their names, and give the number of jobs done so far."""

    def work(name: str) -> int:
        done.append(name)
        return len(done)

    return {name: partial(work, name) for name in "abc"}


def test_every_round_does_every_job_once() -> None:
    """The results of a round are under the names of the jobs."""
    done: list[str] = []
    found = interleaved(noting(done), 4)
    assert [set(round_) for round_ in found] == [set("abc")] * 4
    for number, round_ in enumerate(found):
        assert {done[place - 1]: place for place in round_.values()} == round_
        assert {(place - 1) // 3 for place in round_.values()} == {number}


def test_the_seed_alone_decides_the_order() -> None:
    """The order differs from round to round, and a seed gives the same orders again."""
    orders = []
    for seed in (0, 0, 1):
        done: list[str] = []
        interleaved(noting(done), 6, seed)
        orders.append(tuple(done))
    assert orders[0] == orders[1] != orders[2]
    assert len({orders[0][at : at + 3] for at in range(0, 18, 3)}) > 1


def test_progress_counts_the_jobs_of_all_rounds() -> None:
    """It is told before each job, and at the end."""
    told: list[tuple[int, int]] = []
    interleaved(noting([]), 2, progress=lambda done, steps: told.append((done, steps)))
    assert told == [(done, 6) for done in range(7)]


def test_progress_of_a_part_counts_within_the_whole() -> None:
    """Steps that came before are added, and the whole stays the same."""
    told: list[tuple[int, int]] = []
    interleaved(noting([]), 1, progress=part(lambda *steps: told.append(steps), 5, 9))
    assert told == [(5, 9), (6, 9), (7, 9), (8, 9)]


@pytest.mark.parametrize(("patience", "made"), [(0.0, 1), (2.5, 3), (100.0, 4)])
def test_no_round_begins_after_patience_has_ended(
    patience: float, made: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A round that has begun is finished, and the first one always begins."""
    clock = iter(range(100))
    monkeypatch.setattr("gil_demo.measuring.rounds.time.monotonic", lambda: next(clock))
    found = interleaved(noting([]), 4, patience_seconds=patience)
    assert [len(round_) for round_ in found] == [3] * made


def test_rounds_without_jobs_are_empty() -> None:
    """Where nothing is to be measured nothing is, and nothing fails."""
    assert interleaved({}, 2) == [{}, {}]
