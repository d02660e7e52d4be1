"""One job, done in every way that this interpreter has: add up the same numbers in two halves."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from gil_demo.measuring.plan import calibrated_passes
from gil_demo.measuring.race import run_race
from gil_demo.measuring.spans import peak_inside, wall_seconds
from gil_demo.measuring.switching import nobody_asks
from gil_demo.tour.crew import NotToBeHad, Shift, in_threads
from gil_demo.tour.interpreters import in_interpreters
from gil_demo.tour.processes import Part, in_processes, shared

SIZE = 3_000_000
"""Numbers: 24 MB. Adding up half of them in Python takes tens of milliseconds."""


ROUNDS = 3
"""How often each way does the job, once it has started."""


@dataclass(frozen=True, slots=True)
class Way:
    """What one way of doing the job took, and whether its sums were right.

    `copy_seconds` is None where nothing had to be copied. `work_seconds` is the median of
    the rounds, and `base_seconds` that of one thread that ran the same code.
    `peak_inside` is that of the round in which most were inside.
    """

    start_seconds: float
    copy_seconds: float | None
    work_seconds: float
    base_seconds: float
    peak_inside: int
    exact: bool

    @property
    def speedup(self) -> float:
        """How many times as fast as one thread, starting and copying left out."""
        return self.base_seconds / self.work_seconds


Outcome = Way | NotToBeHad
"""A way, or why this system has it not."""


def numbers() -> NDArray[np.float64]:
    """The numbers to add up: integers, so that the sum is exact in any order of adding."""
    return np.arange(SIZE, dtype=np.float64)


def right_sum(array: NDArray[np.float64]) -> int:
    """The sum of such numbers, by Gauss's formula; below 2**53, so a float64 holds it."""
    return array.size * (array.size - 1) // 2


def halves(array: NDArray[np.float64]) -> tuple[Part, Part]:
    """Where the two halves begin and end."""
    return (0, array.size // 2), (array.size // 2, array.size)


def one_thread(array: NDArray[np.float64]) -> Way:
    """The base: ``sum`` in one Python thread. Raises `NotToBeHad`."""
    with nobody_asks():
        shift = in_threads([memoryview(array)], ROUNDS)
    return _way(array, shift)


def two_threads(array: NDArray[np.float64], base: Way) -> Way:
    """``sum`` in two Python threads. Raises `NotToBeHad`.

    Nobody is asked to hand over the GIL, and ``sum`` does not let go of it. So where there
    is a GIL, a thread that has noted when it enters also notes when it leaves before the
    other thread does either.
    """
    with nobody_asks():
        parts = [memoryview(array)[begin:end] for begin, end in halves(array)]
        shift = in_threads(parts, ROUNDS)
    return _way(array, shift, base)


def two_released(array: NDArray[np.float64]) -> Way:
    """The kernel in two threads that let go of the GIL.

    A call goes over its numbers several times, because it must last for two to meet. What
    it took is told for once.
    """
    parts = [array[begin:end] for begin, end in halves(array)]
    passes = calibrated_passes("sum", parts[:1])
    alone = [run_race("released", "sum", [array], passes) for _ in range(ROUNDS)]
    began_ns = time.monotonic_ns()
    together = [run_race("released", "sum", parts, passes) for _ in range(ROUNDS)]
    return Way(
        start_seconds=(min(span.enter_ns for span in together[0].spans) - began_ns) / 1e9,
        copy_seconds=None,
        work_seconds=median(wall_seconds(race.spans) for race in together) / passes,
        base_seconds=median(wall_seconds(race.spans) for race in alone) / passes,
        peak_inside=max(peak_inside(race.spans) for race in together),
        exact=all(sum(race.results) == right_sum(array) for race in (*alone, *together)),
    )


def two_processes(array: NDArray[np.float64], base: Way) -> Way:
    """``sum`` in two processes, over memory that both can read. Raises `NotToBeHad`."""
    return _elsewhere(array, base, in_processes)


def two_interpreters(array: NDArray[np.float64], base: Way) -> Way:
    """``sum`` in two interpreters of one process. Raises `NotToBeHad`."""
    return _elsewhere(array, base, in_interpreters)


def _elsewhere(
    array: NDArray[np.float64], base: Way, crew: Callable[[int, Sequence[Part], int], Shift]
) -> Way:
    with shared(array) as (file, copy_seconds):
        shift = crew(file, halves(array), ROUNDS)
    return _way(array, shift, base, copy_seconds)


def _way(
    array: NDArray[np.float64],
    shift: Shift,
    base: Way | None = None,
    copy_seconds: float | None = None,
) -> Way:
    seconds = median(wall_seconds(one.spans) for one in shift.rounds)
    return Way(
        start_seconds=shift.start_seconds,
        copy_seconds=copy_seconds,
        work_seconds=seconds,
        base_seconds=base.work_seconds if base else seconds,
        peak_inside=max(peak_inside(one.spans) for one in shift.rounds),
        exact=all(sum(one.totals) == right_sum(array) for one in shift.rounds),
    )
