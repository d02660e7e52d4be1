"""The step about the price of a release: its verdict on figures made by hand, and a real run."""

import pytest

from gil_demo.host import machine
from gil_demo.results.lesson import Cell, Seen, Table
from gil_demo.tour.experiments import memory_wall, price
from gil_demo.tour.experiments.memory_wall import CACHED, NARROW, ROUNDS, WIDE, Job, Wall
from gil_demo.tour.experiments.price import DUELS, Duel
from gil_demo.tour.steps import when_not_to


def duel(more: float) -> Duel:
    """A comparison in which the released call took so many nanoseconds more."""
    return {"held": 120.0, "released": 120.0 + more}


def duels(longer: int, more: float = 40.0) -> list[Duel]:
    """So many comparisons in which the released call took longer, and the rest the other way."""
    return [duel(more)] * longer + [duel(-more)] * (DUELS - longer)


def a_round(narrow: float = 16.0, wide: float = 40.0, cached: float = 85.0) -> dict[Job, float]:
    """What one thread read in each job, in GB/s."""
    return {NARROW: narrow, WIDE: wide, CACHED: cached}


def wall(*odd: dict[Job, float]) -> Wall:
    """What shows the wall of memory, but for some odd rounds."""
    gain = {job: dict.fromkeys(memory_wall.MODES, 1.5) for job in memory_wall.JOBS}
    return Wall([*[a_round()] * (ROUNDS - len(odd)), *odd], [gain] * 2)


def judged(compared: list[Duel], found: Wall | None = None, *, gil_enabled: bool = True) -> Seen:
    """What is said where there is a GIL, unless told otherwise."""
    return when_not_to.judge(compared, found, gil_enabled=gil_enabled)


def caption(found: Wall | None) -> str:
    """What is said of memory."""
    _, table = judged(duels(DUELS), found).figures
    assert isinstance(table, Table)
    assert len(table.rows) == (3 if found else 0)
    return table.caption


# The price


def test_a_longer_call_confirms_the_third_answer() -> None:
    """By how much is told with its spread."""
    seen = judged([*duels(DUELS)[2:], duel(30.0), duel(99.0)])
    assert (seen.state, seen.right, seen.reason) == ("shown", 2, "")
    assert f"{DUELS} of {DUELS}" in seen.remarks[1]
    assert seen.remarks[2] == "Yes: 40 ns more (30 to 99)."
    table, _ = seen.figures
    assert isinstance(table, Table)
    assert table.rows == (
        (
            "a call",
            Cell(120.0, "ns"),
            Cell(160.0, "ns", low=150.0, high=219.0),
            Cell(40.0, "ns", low=30.0, high=99.0),
            "41 of 41",
        ),
    )


@pytest.mark.parametrize(("longer", "state"), [(31, "inconclusive"), (32, "shown")])
@pytest.mark.parametrize("more", [0.01, 40.0, 4e6])
def test_the_count_decides_and_not_how_much(longer: int, state: str, more: float) -> None:
    """31 of 41 come of chance in more than one run of a thousand, 32 in fewer."""
    assert DUELS == 41
    seen = judged(duels(longer, more))
    assert (seen.state, seen.right) == ((state, 2) if state == "shown" else (state, None))
    assert any(seen.remarks) == (state == "shown")


def test_what_may_be_chance_shows_nothing() -> None:
    """The reason is the count."""
    seen = judged(duels(22))
    assert (seen.state, seen.right) == ("inconclusive", None)
    assert "22 of 41 comparisons, which may be chance" in seen.reason


def test_a_shorter_call_is_not_explained() -> None:
    """It cannot come of the two macros, so it confirms nothing."""
    seen = judged(duels(0))
    assert (seen.state, seen.right) == ("inconclusive", None)
    assert "something else" in seen.reason
    assert not any(seen.remarks)


def test_without_a_gil_the_price_is_another() -> None:
    """The macros stay, and what they do is said."""
    seen = judged(duels(DUELS), gil_enabled=False)
    assert (seen.state, seen.right) == ("shown", 2)
    assert seen.remarks[2].endswith("Without a GIL they still detach and attach.")


# The wall


@pytest.mark.parametrize("odd", [0, 1])
def test_the_wall_is_told_if_the_rounds_show_it(odd: int) -> None:
    """Against the small array, and against the other kernel; others on the machine or none."""
    said = caption(wall(*[a_round(wide=99.0)] * odd))
    assert said.startswith(f"In {9 - odd} of 9 rounds one thread")
    assert said.endswith("it waited for memory, and sum for its additions.")


@pytest.mark.parametrize(
    "odd", [a_round(narrow=41.0), a_round(cached=39.0), a_round(wide=99.0), a_round(1.0, 1.0, 1.0)]
)
def test_two_rounds_otherwise_show_no_wall(odd: dict[Job, float]) -> None:
    """Neither do they say that there is none."""
    assert "does not show" in caption(wall(odd, odd))


def test_a_thread_that_reads_memory_faster_than_a_cache_meets_no_wall() -> None:
    """However often it does."""
    assert "does not show" in caption(wall(*[a_round(wide=99.0)] * ROUNDS))


def test_an_array_without_room_is_left_out() -> None:
    """And the price is told all the same."""
    assert caption(None).startswith("Left out")
    assert judged(duels(DUELS), None).right == 2


# A real run


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little work, for nothing is asserted of how long it takes."""
    small = 20_000
    monkeypatch.setattr(price, "DUELS", 5)
    monkeypatch.setattr(memory_wall, "LARGE", small)
    monkeypatch.setattr(memory_wall, "ROUNDS", 2)
    jobs = {("sum", small): "a", ("sum_wide", small): "b", CACHED: "c"}
    monkeypatch.setattr(memory_wall, "NARROW", ("sum", small))
    monkeypatch.setattr(memory_wall, "WIDE", ("sum_wide", small))
    monkeypatch.setattr(memory_wall, "JOBS", jobs)
    monkeypatch.setattr(memory_wall, "PASSES", dict.fromkeys(jobs, 10))


@pytest.mark.usefixtures("brief")
def test_a_real_run_measures_both() -> None:
    """With so few comparisons nothing can be certain."""
    steps = []
    seen = when_not_to.run(lambda done, all_steps: steps.append((done, all_steps)))
    assert (seen.state, seen.right) == ("inconclusive", None)
    first, wall = seen.figures
    assert isinstance(first, Table)
    assert isinstance(wall, Table)
    assert [row[0] for row in wall.rows] == ["a", "b", "c"]
    assert steps[0] == (0, 13)
    assert steps[-1] == (13, 13)
    assert sorted(steps) == steps


@pytest.mark.usefixtures("brief")
def test_memory_that_is_not_there_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without room there is no round."""
    monkeypatch.setattr(machine, "available_bytes", lambda: 300_000)
    assert memory_wall.wall(lambda done, steps: None) is None


@pytest.mark.usefixtures("brief")
def test_time_that_is_not_there_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one thread reads is measured all the same."""
    monkeypatch.setattr(memory_wall, "PATIENCE_SECONDS", 0.0)
    found = memory_wall.wall(lambda done, steps: None)
    assert found is not None
    assert (len(found.rates), len(found.gains)) == (2, 1)
