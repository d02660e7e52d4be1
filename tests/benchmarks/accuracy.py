"""Is `sum_wide` as exact as numpy.sum?"""

import math
from collections.abc import Iterator
from statistics import median

import numpy as np
from numpy.typing import NDArray

from .harness import Row, at_most, quartiles_of, rounds
from .kernels import sum_wide_of

INPUTS = 100

SIZE = 100_000


def measure(share: float) -> Iterator[Row]:
    """The median errors against math.fsum, over numbers of both signs and many magnitudes."""
    generator = np.random.default_rng(0)
    wide, numpy = [], []
    for _ in range(rounds(INPUTS, share)):
        array = hard_numbers(generator)
        exact = math.fsum(array)
        wide.append(abs((sum_wide_of(array)() - exact) / exact))
        numpy.append(abs((float(np.sum(array)) - exact) / exact))
    yield Row(
        "sum_wide's error over numpy.sum's",
        quartiles_of([median(wide) / median(numpy)]),
        f"median relative errors {median(wide):.1e} and {median(numpy):.1e} against math.fsum;"
        f" {len(wide)} inputs of {SIZE:,} numbers, normal times 1e-8 to 1e7",
        at_most(1.0),
    )


def hard_numbers(generator: np.random.Generator) -> NDArray[np.float64]:
    """Numbers that cancel: normally distributed, each times a power of ten."""
    powers = 10.0 ** generator.integers(-8, 8, SIZE)
    return np.asarray(generator.normal(size=SIZE) * powers)
