"""C releases the GIL for work that takes less time than the release itself.

Mechanism:
    ``Py_BEGIN_ALLOW_THREADS`` and ``Py_END_ALLOW_THREADS`` are two function calls that lock and
    unlock a mutex, signal a condition and swap the thread state: tens of nanoseconds for the
    pair, measured with no other thread. Without a GIL they only detach and attach the thread
    state, with atomic operations: about half of that (13 to 16 instead of 32 nanoseconds, on one
    machine). That cost gains nothing unless the work in between takes much longer. With another
    thread waiting it can cost far more: when that thread gets the GIL meanwhile, END waits for
    it. See convoy.

What you will see:
    C finds the largest row sum of an array with 4,096 rows of 8 numbers, with a block around
    each row and with none. With the blocks it takes many times as long, and the sums
    themselves are the smaller part of it.

Why the safe half is safe:
    It keeps the GIL. All rows together take microseconds, and others can wait that
    long: the interpreter itself lets a thread run for a switch interval, 5 ms by
    default. Where the whole call is long, put one block around the loop, and none inside it.
    NumPy's macros do the same by size: ``NPY_BEGIN_THREADS_DEF`` declares, then
    ``NPY_BEGIN_THREADS_THRESHOLDED(size)`` releases the GIL only for more than 500 elements,
    and ``NPY_END_THREADS`` takes it back if it was released.

Forced:
    Nothing: it always costs that much. The two are measured in turn, and the half ends in
    ``slow`` if the blocks took longer in every round. No verdict rests on it. No sanitizer
    judges it, since only time is lost: the evidence is the run itself.

In your own code:
    ``python -m timeit`` shows what a call costs, ``gil-demo probe`` whether it releases the
    GIL.

    cffi, ``ctypes.CDLL`` and ``swig -threads`` release it around every call, also for a getter;
    ``ctypes.PyDLL`` does not. In pybind11 and nanobind give
    ``call_guard<gil_scoped_release>()`` to the functions that work long, in Cython put
    ``with nogil:`` around the loop, not into it, and in Numba leave ``nogil=True`` away from
    what is short. SWIG has ``%nothread`` for it.

    A library that had released the GIL around all its calls took most of that back, and became
    faster with several threads (pyzmq#383).

Sources:
    - NumPy's macros: https://numpy.org/doc/stable/reference/c-api/array.html#threading-support
    - What the two macros do:
      https://docs.python.org/3/c-api/threads.html#detaching-the-thread-state-from-extension-code
    - https://docs.python.org/3/library/sys.html#sys.setswitchinterval
    - ctypes: https://docs.python.org/3/library/ctypes.html#ctypes.PyDLL
    - SWIG: https://www.swig.org/Doc4.3/Python.html#Python_multithreaded
    - https://github.com/zeromq/pyzmq/pull/383
"""

import time
from functools import partial
from typing import Any

import numpy as np

from gil_demo import notation
from gil_demo.lab.compared import slower
from gil_demo.lab.lab import Lab
from gil_demo.measuring.paired import differences, ratios
from gil_demo.measuring.rounds import interleaved
from gil_demo.results.numbers import Spread
from gil_demo.results.patterns import Finding
from gil_demo.words import NO_GIL

CHAPTER = "speed"
QUESTION = "Is it always worth releasing the GIL?"
HAZARD = {NO_GIL: "C detaches for work that takes less time than detaching itself."}
UNSAFE = ("slow", "ok")

ROWS = 4096
COLUMNS = 8
ROUNDS = 9


def unsafe(lab: Lab) -> Finding:
    """Compare a block around each row with none."""
    rounds = _seconds(lab)
    cost = Spread.of(more / ROWS * 1e9 for more in differences(rounds, "blocks", "none"))
    ratio = Spread.of(ratios(rounds, "blocks", "none"))
    return slower(
        f"a block for each row of {COLUMNS} numbers",
        ratio,
        "without",
        f"a block costs {cost.median:.0f} ns ({notation.ends(cost, 0)})",
    )


def safe(lab: Lab) -> Finding:
    """Time the rows with no block."""
    row = Spread.of(one["none"] / ROWS * 1e9 for one in _seconds(lab))
    return Finding(
        "ok",
        f"no block: a row of {COLUMNS} numbers takes {row.median:.1f} ns ({notation.ends(row, 1)})",
    )


def _seconds(lab: Lab) -> list[dict[str, float]]:
    """Time each round with a block around each row, and with none."""
    table = np.ones((ROWS, COLUMNS))
    memory = lab.ffi.from_buffer("double[]", table)

    def seconds(largest: Any) -> float:
        began = time.perf_counter()
        found = largest(memory, ROWS, COLUMNS)
        taken = time.perf_counter() - began
        if found != COLUMNS:
            raise ArithmeticError(f"largest row sum: expected {COLUMNS}, found {found}")
        return taken

    both = {
        "blocks": partial(seconds, lab.c.tiny_work_unsafe),
        "none": partial(seconds, lab.c.tiny_work_safe),
    }
    return interleaved(both, 1 + ROUNDS)[1:]  # the first round meets cold memory
