"""Is `sum_wide` as fast as numpy.sum, in the cache and beyond it?"""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from cffi import FFI
from numpy.typing import NDArray

from gil_demo import arrays
from gil_demo.measuring.paired import ratios
from gil_demo.measuring.rounds import interleaved
from gil_demo.native import kernels

from .harness import Row, Target, at_least, cpu_seconds, quartiles_of, rounds

TARGETS: dict[int, Target] = {
    1_000_000: at_least(1.3),
    8_000_000: at_least(1.0),
    20_000_000: at_least(1.0),
}

ROUNDS = 25

ELEMENTS_TIMED = 20_000_000
"""How many elements one timing goes over, in as many calls as that takes."""


def measure(share: float) -> Iterator[Row]:
    """The rate of `sum_wide` over that of numpy.sum, for each size."""
    for size, target in TARGETS.items():
        array = arrays.make(size, seed=0)
        calls = ELEMENTS_TIMED // size
        timings = interleaved(
            {
                "numpy": partial(cpu_seconds, partial(repeat, partial(np.sum, array), calls)),
                "sum_wide": partial(cpu_seconds, partial(repeat, sum_wide_of(array), calls)),
            },
            rounds(ROUNDS, share),
        )
        yield Row(
            f"sum_wide rate over numpy.sum, {size // 1_000_000}M doubles",
            quartiles_of(ratios(timings, "numpy", "sum_wide")),
            f"processor time of 1 thread on one array, {len(timings)} rounds of"
            f" {ELEMENTS_TIMED // 1_000_000}M doubles",
            target,
        )


def sum_wide_of(array: NDArray[np.float64]) -> Callable[[], float]:
    """A direct call of the kernel on the whole array."""
    buffer = FFI().from_buffer("double[]", array)
    return partial(kernels.direct("released", "sum_wide"), buffer, array.size)


def repeat(job: Callable[[], object], times: int) -> None:
    """Do the job that many times."""
    for _ in range(times):
        job()
