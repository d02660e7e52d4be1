"""Demonstrates when the conversion makes a copy: by the address that C reads."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gil_demo.lab.lab import Lab
from gil_demo.results.patterns import Finding
from gil_demo.words import Half

SIZE = 8192


def address_of(array: NDArray[Any]) -> int:
    """Return the address of an array's first element."""
    return int(array.__array_interface__["data"][0])


def _copied(lab: Lab, half: Half, thing: Any, own: int | None, expected: bool) -> Finding:
    """Check whether C reads a copy, by the address that it reads."""
    read = int(lab.raising(f"lab_address_read_{half}")(thing))
    copied = read != own
    where = f"the argument's data are at {own:#x}" if own else "a list has no data for C to read"
    seen = f"C reads at {read:#x}, {where}: {'a copy' if copied else 'no copy'}"
    return Finding("ok" if copied == expected else "wrong-value", seen)


def list_copied(lab: Lab, half: Half) -> Finding:
    """Convert a list."""
    return _copied(lab, half, [1, 2, 3], None, expected=True)


def float32_copied(lab: Lab, half: Half) -> Finding:
    """Convert an array of single precision."""
    array = np.ones(SIZE, np.float32)
    return _copied(lab, half, array, address_of(array), expected=True)


def contiguous_not_copied(lab: Lab, half: Half) -> Finding:
    """Convert a contiguous array of doubles."""
    array = np.ones(SIZE)
    return _copied(lab, half, array, address_of(array), expected=False)


def strided_copied(lab: Lab, half: Half) -> Finding:
    """Convert a strided view of doubles."""
    view = np.ones(SIZE)[::2]
    return _copied(lab, half, view, address_of(view), expected=True)
