"""Where an array's elements lie, and what ``resize`` does to that."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SMALL, LARGE = 1000, 5_000_000
"""Elements before and after: 8 kB, and 40 MB, more than allocators keep among small blocks."""


def data_address(array: NDArray[np.float64]) -> int:
    """Return the address of the elements."""
    return int(array.__array_interface__["data"][0])


@dataclass(frozen=True, slots=True)
class Resize:
    """The addresses of the elements before and after, and whether resize refused at first."""

    before: int
    after: int
    refused: bool


def resize_one() -> Resize:
    """Make one array grow from a small block far beyond it, with another block behind it."""
    array, _behind = np.ones(SMALL), np.ones(SMALL)
    before = data_address(array)
    _another_reference = array
    try:
        array.resize(LARGE)
        refused = False
    except ValueError:
        refused = True
        array.resize(LARGE, refcheck=False)
    return Resize(before, data_address(array), refused)
