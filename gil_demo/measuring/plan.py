"""The plan of a run: what to measure, and how long one call lasts."""

from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from gil_demo.errors import BadInput
from gil_demo.measuring.race import Arrays, run_race
from gil_demo.native import kernels
from gil_demo.words import Kernel, Section

CALL_SECONDS = 0.021
"""Processor time that one call is to last.

Calls of 20 ms and more met in every round even with four threads on two busy
cores; calls of 5 ms did not.
"""

TRIAL_SECONDS = 0.002
"""Processor time that a trial is to last at least."""

TRIALS = 5
"""How many trials fix the number of passes."""


class ImpossiblePlan(BadInput, ValueError):
    """A plan that cannot be carried out; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Which kernel, on which array, on how many threads, how often.

    `threads` holds the numbers of threads in order, and always 1, because a
    speed-up needs it. `passes` is how often one call goes over its elements.
    """

    array: NDArray[np.float64]
    kernel: Kernel
    threads: tuple[int, ...]
    rounds: int
    seed: int
    sections: frozenset[Section]
    passes: int

    @classmethod
    def calibrated(
        cls,
        array: NDArray[np.float64],
        kernel: Kernel,
        threads: tuple[int, ...],
        rounds: int,
        seed: int,
        sections: frozenset[Section],
    ) -> "Plan":
        """Find the plan in which one call lasts about `CALL_SECONDS`.

        Raises `kernels.UnsuitableArray` if the kernel may not work on the array.
        """
        known = tuple(sorted({1, *threads}))
        part = parts(kernel, array, known[-1], 1)
        return cls(array, kernel, known, rounds, seed, sections, calibrated_passes(kernel, part))

    def work(self, threads: int) -> Arrays:
        """Return the array, or the slice of it, that each of `threads` threads works on."""
        return parts(self.kernel, self.array, self.threads[-1], threads)


def refuse_impossible(array: NDArray[np.float64], kernel: Kernel, most: int) -> None:
    """Raise `ImpossiblePlan` if `most` threads cannot each have an element to write."""
    if kernel in kernels.WRITING_KERNELS and array.size < most:
        raise ImpossiblePlan(
            f"{array.size} elements cannot be shared out among {most} threads that write:"
            " choose fewer threads or more elements"
        )


def parts(kernel: Kernel, array: NDArray[np.float64], most: int, threads: int) -> Arrays:
    """Divide the array among `threads` threads, where `most` is the largest number of threads.

    Kernels that read all read the one array. A kernel that writes gets a slice a
    thread, equally long for any number of threads, and no element twice.
    """
    if kernel not in kernels.WRITING_KERNELS:
        return [array] * threads
    flat = array.reshape(-1)
    length = flat.size // most
    return [flat[thread * length : (thread + 1) * length] for thread in range(threads)]


def calibrated_passes(kernel: Kernel, part: Arrays) -> int:
    """Find the number of passes that make one call last about `CALL_SECONDS`.

    It follows from the fastest of several trials, and from processor time rather
    than wall time: a trial that others slowed down must not make the calls too
    short. The number is even for a kernel that writes: its passes change the
    sign, so that a call, and the trials too, leave the array as it was.
    """

    def seconds(passes: int) -> float:
        return run_race("native", kernel, part, passes).cpu_seconds

    step = 2 if kernel in kernels.WRITING_KERNELS else 1
    passes = step
    while (lasted := seconds(passes)) < TRIAL_SECONDS:
        passes *= 2
    trials = TRIALS if lasted < CALL_SECONDS else 0
    fastest = min([lasted, *(seconds(passes) for _ in range(trials))])
    return ceil(passes * CALL_SECONDS / fastest / step) * step
