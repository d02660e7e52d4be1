"""Several threads write to one array, each to a slice of its own, and nothing has to be locked."""

from concurrent.futures import ThreadPoolExecutor
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

THREADS = 4

array = np.arange(1_000_003.0)  # no multiple of 4: the slices are not all of one length
wanted = np.sqrt(array)
address = array.ctypes.data


def take_roots(part: NDArray[np.float64]) -> None:
    """Replace each element by its root; NumPy releases the GIL while it does."""
    np.sqrt(part, out=part)


slices = np.array_split(array, THREADS)
assert sum(part.size for part in slices) == array.size
assert all(np.shares_memory(part, array) for part in slices)  # views, not copies
assert not any(np.shares_memory(a, b) for a, b in combinations(slices, 2))

with ThreadPoolExecutor(THREADS) as threads:
    list(threads.map(take_roots, slices))

print(f"{np.count_nonzero(array == wanted):,} of {array.size:,} elements are right")
assert np.array_equal(array, wanted)
assert array.ctypes.data == address

# A slice that begins one element too early would be somebody else's as well:
assert np.shares_memory(array[:500_000], array[499_999:])
