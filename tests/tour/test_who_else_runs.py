"""The step about the ticker: what it says of runs made by hand, with a GIL and without."""

from dataclasses import replace

import pytest

from gil_demo.results.run import RunResult
from gil_demo.tour.steps import who_else_runs
from gil_demo.words import Company


def test_one_core_is_not_called_a_second_one(made: RunResult) -> None:
    """What this run cannot show is not claimed."""
    single = replace(made, environment=replace(made.environment, cores=1))
    assert "only one core" in who_else_runs.judge(single).remarks[2]
    assert "2 cores" in who_else_runs.judge(made).remarks[2]


def test_a_ticker_that_stood_still_confirms_the_second_answer(made: RunResult) -> None:
    """No tick inside a held call, many inside a released one."""
    seen = who_else_runs.judge(made)
    assert (seen.state, seen.right) == ("shown", 1)
    assert "102,640" in seen.remarks[1]


def beside(made: RunResult, **ticks: int) -> RunResult:
    """The run with other numbers of ticks inside."""
    return replace(
        made,
        responsiveness=tuple(
            replace(row, ticks_inside=ticks.get(row.gil, row.ticks_inside))
            for row in made.responsiveness
        ),
    )


def test_a_tick_inside_a_held_call_contradicts(made: RunResult) -> None:
    """It cannot be, and is not explained away."""
    assert who_else_runs.judge(beside(made, held=3)).state == "contradicted"


def test_a_ticker_that_never_ran_shows_nothing(made: RunResult) -> None:
    """Nothing is concluded where the ticker did not run beside a released call either."""
    assert who_else_runs.judge(beside(made, released=0)).state == "inconclusive"


# Without a GIL


def without_gil(
    made: RunResult, held: tuple[int, int] = (3, 0), released: tuple[int, int] = (3, 3)
) -> RunResult:
    """The run without a GIL, with so many collections that began and ended inside a call."""
    row = made.responsiveness[-1]
    inside: dict[Company, tuple[int, int]] = {
        "held-collected": held,
        "released-collected": released,
    }
    stopped = tuple(
        replace(row, gil=company, collections_begun=begun, collections_ended=ended)
        for company, (begun, ended) in inside.items()
    )
    return replace(
        beside(made, held=900),
        environment=replace(made.environment, gil_enabled=False),
        responsiveness=(*beside(made, held=900).responsiveness, *stopped),
    )


def test_without_a_gil_a_collection_waits_for_a_held_call(made: RunResult) -> None:
    """No collection ended in a held call, all in released ones, and the ticker ran without any."""
    seen = who_else_runs.judge(without_gil(made))
    assert (seen.state, seen.right) == ("shown", 1)
    assert "3 of 3 collections ended inside" in seen.remarks[0]
    assert "none of 3 collections" in seen.remarks[1]
    assert "900 ticks" in seen.remarks[2]


def test_without_a_gil_a_collection_that_ends_in_a_held_call_contradicts(made: RunResult) -> None:
    """The call is attached from its beginning to its end."""
    seen = who_else_runs.judge(without_gil(made, held=(3, 1)))
    assert (seen.state, seen.right) == ("contradicted", None)


@pytest.mark.parametrize("collections", [{"held": (0, 0)}, {"released": (3, 0)}])
def test_without_a_gil_a_collection_that_came_too_late_shows_nothing(
    made: RunResult, collections: dict[str, tuple[int, int]]
) -> None:
    """Its thread had no core in time."""
    seen = who_else_runs.judge(without_gil(made, **collections))
    assert (seen.state, seen.right) == ("inconclusive", None)
    assert "too busy" in seen.reason
