"""A whole run: every race in every round, in an order of its own, and what comes of it."""

import math
from collections import Counter
from typing import get_args

import numpy as np
import pytest

from gil_demo.host import machine
from gil_demo.measuring import measure as measure_module
from gil_demo.measuring.measure import measure, results_agree
from gil_demo.measuring.plan import Plan
from gil_demo.measuring.race import Arrays, Race
from gil_demo.measuring.responsiveness import companies
from gil_demo.results.run import Measured, Span
from gil_demo.words import Kernel, Mode, Section

SECTIONS: tuple[Section, ...] = ("picture", "scaling", "responsiveness")

Raced = list[tuple[Mode, int]]


def small_plan(*sections: Section, rounds: int = 1, seed: int = 0) -> Plan:
    return Plan.calibrated(
        np.ones(1000), "sum", (1, 2), rounds=rounds, seed=seed, sections=frozenset(sections)
    )


@pytest.fixture
def raced(monkeypatch: pytest.MonkeyPatch) -> Raced:
    """Races that take no time, and which they were."""
    order: Raced = []

    def run_race(mode: Mode, kernel: Kernel, arrays: Arrays, passes: int) -> Race:
        order.append((mode, len(arrays)))
        spans = tuple(Span(mode, n, 0, 10) for n in range(1, len(arrays) + 1))
        return Race(spans, (1.0,) * len(arrays), 1e-8)

    monkeypatch.setattr(measure_module, "watched_race", run_race)
    return order


@pytest.fixture(scope="module")
def whole() -> Measured:
    """A real run of two rounds."""
    return measure(small_plan(*SECTIONS, rounds=2))


def test_the_facts_of_a_real_run(whole: Measured) -> None:
    """Held: one inside, no tick inside a call. That is what a run is for, on any machine."""
    held = [row for row in whole.scaling if row.gil == "held"]
    (beside_held,) = (row for row in whole.responsiveness if row.gil == "held")
    if machine.gil_enabled():
        assert [row.peak_inside.max for row in held] == [1, 1]
        assert beside_held.ticks_inside == 0
    if not machine.free_threaded():
        assert {row.held_share for row in held} == {1.0}
        assert {row.held_share for row in whole.scaling if row.gil == "released"} == {0.0}
        assert [row.held_share for row in whole.responsiveness] == [None, 1.0, 0.0]
    assert whole.results_agree


def test_a_run_has_all_its_sections(whole: Measured) -> None:
    """Both panels, a row for each mode on one and on two threads, a row for each company."""
    assert [panel.gil for panel in whole.picture] == ["held", "released"]
    assert Counter(row.gil for row in whole.scaling) == {"held": 2, "released": 2, "native": 2}
    watched = [row.gil for row in whole.responsiveness]
    assert watched == list(companies(gil_enabled=machine.gil_enabled()))


@pytest.mark.parametrize("section", SECTIONS)
def test_only_the_sections_asked_for_are_measured(section: Section) -> None:
    """One section asked for, and the two others are empty."""
    result = measure(small_plan(section))
    assert [name for name in SECTIONS if getattr(result, name)] == [section]


def test_a_round_makes_every_race_once(raced: Raced) -> None:
    """Each round races every mode on every number of threads, so each is seen equally often."""
    measure(small_plan("scaling", rounds=5))
    rounds = [raced[start : start + 6] for start in range(0, 30, 6)]
    everything = {(mode, threads) for mode in get_args(Mode) for threads in (1, 2)}
    assert len(raced) == 30
    assert all(set(round_) == everything for round_ in rounds)


def test_rounds_are_interleaved_in_an_order_that_the_seed_fixes(raced: Raced) -> None:
    """The order changes from round to round; the same seed gives the same orders again."""
    measure(small_plan("scaling", rounds=5, seed=1))
    measure(small_plan("scaling", rounds=5, seed=1))
    measure(small_plan("scaling", rounds=5, seed=2))
    first, again, other = raced[:30], raced[30:60], raced[60:]
    assert first == again != other
    assert len({tuple(first[start : start + 6]) for start in range(0, 30, 6)}) > 1


@pytest.mark.usefixtures("raced")
def test_progress_is_told_step_by_step() -> None:
    """Steps done out of steps in all, from none to all of them."""
    told: list[tuple[int, int]] = []
    measure(small_plan("scaling", rounds=2), progress=lambda *step: told.append(step))
    assert told == [(done, 12) for done in range(13)]


def race(*results: float) -> Race:
    return Race((), results, 0.0)


def test_equal_results_agree() -> None:
    """Each thread's results are compared with the same thread's in all races, and no other's."""
    assert results_agree([])
    assert results_agree([race(1.0), race(1.0, 2.0), race(1.0, 2.0, 3.0)])


def test_results_that_differ_in_one_bit_do_not_agree() -> None:
    """The same C on the same memory gives the same 64 bits, or something is wrong."""
    assert not results_agree([race(1.0), race(math.nextafter(1.0, 2.0))])
    assert not results_agree([race(5.0, 0.0), race(5.0, -0.0)])


def test_nan_agrees_with_itself() -> None:
    """A sum that is not a number is the same sum every time."""
    assert results_agree([race(math.nan), race(math.nan)])


def test_results_that_differ_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A value that changes from race to race is a fact of the result, whatever the spans show."""
    values = iter(range(100))

    def run_race(mode: Mode, kernel: Kernel, arrays: Arrays, passes: int) -> Race:
        apart = 10 if mode == "held" else 0
        spans = tuple(Span(mode, n, n * apart, n * apart + 10) for n in range(len(arrays)))
        return Race(spans, (float(next(values)),) * len(arrays), 0.0)

    monkeypatch.setattr(measure_module, "watched_race", run_race)
    assert measure(small_plan("scaling")).results_agree is False
