"""The plan: which part of the array each thread gets, and how long a call is made to last."""

from typing import get_args

import numpy as np
import pytest
from numpy.typing import NDArray

from gil_demo.measuring import plan as plan_module
from gil_demo.measuring.plan import (
    CALL_SECONDS,
    ImpossiblePlan,
    Plan,
    calibrated_passes,
    parts,
    refuse_impossible,
)
from gil_demo.measuring.race import Arrays, Race
from gil_demo.native import kernels
from gil_demo.words import Kernel, Mode, Section

NOTHING: frozenset[Section] = frozenset()

KERNELS: tuple[Kernel, ...] = get_args(Kernel)
READING: tuple[Kernel, ...] = tuple(k for k in KERNELS if k not in kernels.WRITING_KERNELS)


def planned(array: NDArray[np.float64], kernel: Kernel, *threads: int) -> Plan:
    return Plan.calibrated(array, kernel, threads, rounds=3, seed=5, sections=NOTHING)


def racing_at(monkeypatch: pytest.MonkeyPatch, seconds_a_pass: list[float]) -> list[int]:
    """Make trials last as told, one after the other, and note the passes of each."""
    tried: list[int] = []

    def run_race(mode: Mode, kernel: Kernel, arrays: Arrays, passes: int) -> Race:
        lasting = seconds_a_pass[min(len(tried), len(seconds_a_pass) - 1)]
        tried.append(passes)
        return Race((), (), passes * lasting)

    monkeypatch.setattr(plan_module, "run_race", run_race)
    return tried


@pytest.mark.parametrize("seconds_a_pass", [1e-9, 3e-7, 1e-4, 0.0039, 0.02, 0.031, 2.0])
@pytest.mark.parametrize("kernel", KERNELS)
def test_a_call_is_made_to_last_long_enough(
    kernel: Kernel, seconds_a_pass: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever one pass takes, a call lasts as long as it must, and hardly longer."""
    racing_at(monkeypatch, [seconds_a_pass])
    passes = calibrated_passes(kernel, [np.ones(8)])
    assert passes * seconds_a_pass >= CALL_SECONDS * (1 - 1e-9)
    assert passes == 1 or (passes - 2) * seconds_a_pass <= CALL_SECONDS


def test_calls_last_as_long_as_busy_machines_need() -> None:
    """Calls of 20 ms met in every round on two busy cores, calls of 5 ms did not."""
    assert CALL_SECONDS >= 0.02


def test_a_trial_that_others_slowed_down_does_not_make_calls_short(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The fastest of the trials decides: one that took long says nothing about the kernel."""
    racing_at(monkeypatch, [0.01, 0.01, 0.002, 0.01])
    assert calibrated_passes("sum", [np.ones(8)]) * 0.002 >= CALL_SECONDS


@pytest.mark.parametrize("seconds_a_pass", [1e-6, 0.001, 0.005, 0.02, 0.5])
@pytest.mark.parametrize("kernel", sorted(kernels.WRITING_KERNELS))
def test_a_writing_call_makes_an_even_number_of_passes(
    kernel: Kernel, seconds_a_pass: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each pass changes signs, so an even number of them leaves the array as it was."""
    tried = racing_at(monkeypatch, [seconds_a_pass])
    assert calibrated_passes(kernel, [np.ones(8)]) % 2 == 0
    assert sum(tried) % 2 == 0


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_calibrating_leaves_a_written_array_as_it_was(size: int) -> None:
    """Whoever lends an array to `scale` finds the same numbers in it afterwards."""
    array = np.arange(1.0, size + 1)
    planned(array, "scale", 1)
    assert array.tolist() == np.arange(1.0, size + 1).tolist()


def test_one_thread_is_always_planned() -> None:
    """Numbers of threads are put in order, once each, with 1 among them for the speed-up."""
    plan = planned(np.ones(1000), "sum", 4, 2, 4)
    assert plan.threads == (1, 2, 4)
    assert (plan.rounds, plan.seed, plan.sections) == (3, 5, NOTHING)


@pytest.mark.parametrize("kernel", READING)
def test_reading_threads_share_the_array(kernel: Kernel) -> None:
    """Every thread that only reads gets the array itself, neither a part nor a copy."""
    array = np.ones(100)
    assert [id(part) for part in parts(kernel, array, 4, 3)] == [id(array)] * 3


@pytest.mark.parametrize("size", [4, 100, 101, 103])
@pytest.mark.parametrize("threads", [1, 2, 3, 4])
def test_writing_threads_get_elements_of_their_own(size: int, threads: int) -> None:
    """No element is given to two threads, and each has as many, for any number of threads."""
    array = np.zeros((1, size))
    given = parts("scale", array, 4, threads)
    for part in given:
        part += 1
    assert [part.size for part in given] == [size // 4] * threads
    assert array.sum() == threads * (size // 4)
    assert array.max() == 1


def test_work_is_shared_out_for_the_most_threads() -> None:
    """One thread alone does as much as each of several, or a speed-up would compare two jobs."""
    plan = planned(np.ones(100), "scale", 4)
    assert [part.size for part in plan.work(1)] == [25]
    assert [part.size for part in plan.work(4)] == [25] * 4


def test_more_writing_threads_than_elements_are_refused() -> None:
    """Threads that write need an element each; the message says what to change."""
    three = np.ones(3)
    with pytest.raises(ImpossiblePlan, match="fewer threads or more elements"):
        refuse_impossible(three, "scale", 4)
    refuse_impossible(three, "scale", 3)
    refuse_impossible(three, "sum", 4)


def test_an_unsuitable_array_is_refused() -> None:
    """A plan for memory that C must not be given is refused, not carried out."""
    with pytest.raises(kernels.UnsuitableArray):
        planned(np.ones(10, np.float32), "sum", 1)
