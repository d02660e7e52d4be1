"""Two kernels add to the same cell, and one addition overwrites the other.

Mechanism:
    For the processor, adding to a cell is three operations: load, add, store. Nothing orders
    two threads that have both released the GIL. If both load before either
    stores, both store the same number, and one addition is lost. x86 has one
    instruction for all three, but that does not help two cores, unless it is a locked one.

What you will see:
    Two threads add 1 to one cell, 200 times each. Before each store they wait for each
    other, so every round loses one of two additions: exactly 200 of 400 are left.

Why the safe half is safe:
    Each thread has a cell of its own, and the code that waits for both threads adds the two
    cells up. Or both threads keep the one cell, and the addition is atomic, so that no other
    access can come between its load and its store. Or a mutex lets one thread in at a time.
    All three are run, 1,000,000 additions a thread, and timed. As a rule, separate cells cost
    the least and the mutex costs the most; on two cores the timings vary much, and nothing is
    decided by them. For the timing the two cells lie 128 bytes apart: ``false-sharing`` says
    why.

Forced:
    Both threads meet between load and store, in the safe half's own cells too. They cannot
    meet inside an atomic addition or a lock, so these run freely. ``--unforced`` runs a plain
    ``*cell = *cell + 1`` instead: then the machine decides whether an addition is lost.
    ThreadSanitizer flags the unsafe half in that form, where no handshake orders the
    stores; AddressSanitizer cannot, because every access is to memory that is there.

In your own code:
    No tool of gil-demo finds it in your code, and ``gil-demo check`` does not know which
    threads call a function. ThreadSanitizer does. A test can compare the count with the number
    of calls.

    ``+=`` on an element inside a ``prange`` is this, in Numba and in Cython; only a scalar is
    taken for a sum over all threads. The compilers do not warn. In C++ use ``std::atomic``,
    with pybind11, nanobind and SWIG alike. Through cffi and ctypes two calls on one array are
    enough.

    Frequent, with ``prange`` above all: elements of one array, added to by all threads
    (numba#3681, numba#7133). Numba's documentation has an example of it now.

Sources:
    - cffi calls C with the GIL released, note 2:
      https://cffi.readthedocs.io/en/stable/ref.html#conversions
    - https://numpy.org/doc/stable/reference/thread_safety.html
    - Atomic addition: https://gcc.gnu.org/onlinedocs/gcc/_005f_005fatomic-Builtins.html
    - Numba: https://numba.readthedocs.io/en/stable/user/parallel.html#explicit-parallel-loops
    - https://github.com/numba/numba/issues/3681
    - https://github.com/numba/numba/issues/7133
"""

import time
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gil_demo import notation
from gil_demo.lab.lab import Lab
from gil_demo.lab.thread import Thread
from gil_demo.results.patterns import Finding

CHAPTER = "writing"
QUESTION = "May two kernels write to the same element?"
UNSAFE = "wrong-value"

TIMES = 200
UNFORCED_TIMES = 1_000_000
APART = 16  # elements: 128 bytes, so that two cells are not in one cache line


def unsafe(lab: Lab) -> Finding:
    """Add to one cell from two threads."""
    cells = np.zeros(1, dtype=np.int64)
    _add_from_two_threads(lab, lab.c.lost_update_unsafe, cells, [0, 0], TIMES)
    return lab.compare("additions", int(cells.sum()), 2 * TIMES)


def safe(lab: Lab) -> Finding:
    """Add to a cell each from two threads; then time the three safe ways without a handshake."""
    cells = np.zeros(2, dtype=np.int64)
    _add_from_two_threads(lab, lab.c.lost_update_safe, cells, [0, 1], TIMES)
    forced = lab.compare("additions", int(cells.sum()), 2 * TIMES)
    if forced.outcome != "ok":
        return forced
    ways = {
        "a cell each": (lab.c.lost_update_unforced, [0, APART]),
        "one cell, atomic": (lab.c.lost_update_safe_atomic, [0, 0]),
        "one cell, a mutex": (lab.c.lost_update_safe_mutex, [0, 0]),
    }
    taken = []
    for way, (add, which) in ways.items():
        cells = np.zeros(APART + 1, dtype=np.int64)
        seconds = _add_from_two_threads(lab, add, cells, which, UNFORCED_TIMES)
        free = lab.compare(f"additions ({way})", int(cells.sum()), 2 * UNFORCED_TIMES)
        if free.outcome != "ok":
            return free
        taken.append(f"{notation.milliseconds(seconds, 1)} ({way})")
    timed = f"{2 * UNFORCED_TIMES:,} more, none lost: {', '.join(taken)}"
    return replace(forced, more=timed)


def unforced(lab: Lab) -> Finding:
    """Add to one cell from two threads, without a handshake between load and store."""
    cells = np.zeros(1, dtype=np.int64)
    _add_from_two_threads(lab, lab.c.lost_update_unforced, cells, [0, 0], UNFORCED_TIMES)
    return lab.compare("additions", int(cells.sum()), 2 * UNFORCED_TIMES)


def _add_from_two_threads(
    lab: Lab,
    add: Any,
    cells: NDArray[np.int64],
    which: list[int],
    times: int,
) -> float:
    """Return the number of seconds that the additions took."""
    memory = lab.ffi.from_buffer("int64_t[]", cells, require_writable=True)
    began = time.perf_counter()
    threads = [Thread(add, memory + cell, times, lab.pointer) for cell in which]
    for thread in threads:
        thread.result()
    return time.perf_counter() - began
