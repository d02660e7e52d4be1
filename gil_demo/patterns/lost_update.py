"""Two kernels add to the same cell, and one addition overwrites the other.

Mechanism:
    Adding to a cell is three things to the processor: load, add, store. Between two
    threads that both let go of the GIL nothing orders them. If both load before either
    stores, both store the same number, and one addition is lost.

What you will see:
    Two threads add 1 to one cell, 200 times each. Before each store they wait for each
    other, so every round loses one of two additions: exactly 200 of 400 are left.

Why the safe half is safe:
    Each thread has a cell of its own, and whoever waits for both adds them up. An atomic
    addition or a mutex would do as well, and costs more in a hot loop.

Forced:
    Both threads meet between load and store. ``--unforced`` runs a plain
    ``*cell = *cell + 1`` instead: whether anything is lost is up to the machine.
    ThreadSanitizer flags the unsafe half in that form, where no handshake orders the
    stores; AddressSanitizer cannot, because every access is to memory that is there.

Sources:
    - What cffi says of calls without the GIL: https://cffi.readthedocs.io/en/stable/ref.html
    - https://numpy.org/doc/stable/reference/thread_safety.html
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gil_demo.gallery.lab import Finding, Lab, Thread

CHAPTER = "writing"
QUESTION = "May two kernels write to the same element?"
UNSAFE = "wrong-value"

TIMES = 200
UNFORCED_TIMES = 1_000_000


def unsafe(lab: Lab) -> Finding:
    """Two threads, one cell."""
    cells = np.zeros(1, dtype=np.int64)
    _add_from_two_threads(lab, lab.c.lost_update_unsafe, cells, [0, 0], TIMES)
    return lab.compare("additions", int(cells.sum()), 2 * TIMES)


def safe(lab: Lab) -> Finding:
    """Two threads, a cell each."""
    cells = np.zeros(2, dtype=np.int64)
    _add_from_two_threads(lab, lab.c.lost_update_safe, cells, [0, 1], TIMES)
    return lab.compare("additions", int(cells.sum()), 2 * TIMES)


def unforced(lab: Lab) -> Finding:
    """Two threads, one cell, and no handshake between load and store."""
    cells = np.zeros(1, dtype=np.int64)
    _add_from_two_threads(lab, lab.c.lost_update_unforced, cells, [0, 0], UNFORCED_TIMES)
    return lab.compare("additions", int(cells.sum()), 2 * UNFORCED_TIMES)


def _add_from_two_threads(
    lab: Lab,
    add: Any,
    cells: NDArray[np.int64],
    which: list[int],
    times: int,
) -> None:
    memory = lab.ffi.from_buffer("int64_t[]", cells, require_writable=True)
    threads = [Thread(lab, add, memory + cell, times, lab.pointer) for cell in which]
    for thread in threads:
        thread.result()
