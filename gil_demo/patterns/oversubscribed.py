"""Each of N threads calls a library that starts N threads of its own.

Mechanism:
    A BLAS, which does NumPy's matrix multiplication, OpenMP and many other libraries divide one
    call among as many threads as there are cores. That is right for one call at a time. If N
    Python threads make such calls at once, which they can because the calls release the GIL,
    there are N times N threads for N cores. The threads of one call wait for each other after
    each step, and most libraries let them spin for a while rather than sleep. A thread that the
    system has put aside is then waited for by others that use up cores for nothing, among them
    the core that it needs. So the work does not only fail to become faster: it can become many
    times slower.

What you will see:
    As many Python threads as there are cores sum an array each. This is timed in two ways, in
    turn: one lets the library divide each call among a thread for each core, the other uses one
    thread for each call. All sums are right. On a machine with two cores the first way takes
    longer, often many times as long when others want the cores too. On an idle machine the
    difference can be small.

Why the safe half is safe:
    One of the two levels has threads, not both. Here the library uses one thread for each call,
    and the Python threads fill the cores. The other way round is as good: one call at a time,
    with all threads of the library. Which is better depends on the calls: many small ones are
    for Python threads, few large ones for the library.

Forced:
    Nothing: it is up to the machine, and the ratio says more about this moment than about the
    next. It is measured in turn, and shown; it decides nothing. All sums must be right. No
    sanitizer judges it, since only time is lost: the evidence is the run itself.

In your own code:
    NumPy's wheels contain an OpenBLAS with threads. ``OPENBLAS_NUM_THREADS=1``, or
    ``OMP_NUM_THREADS`` or ``MKL_NUM_THREADS`` for other libraries, must be set before NumPy is
    imported; ``threadpoolctl`` changes the number later, and its ``threadpool_info`` tells
    which libraries a process has. The same happens with processes: a pool of N workers, each
    with its own BLAS of N threads. joblib limits the threads in the worker processes of its
    default backend; a ``ThreadPoolExecutor`` and ``multiprocessing`` limit nothing. A prange of
    Numba or Cython, and an OpenMP region in C, count as a library here. If the system's monitor
    shows all cores busy and the program is slow, try 1. ``gil-demo check`` has no rule for it, and
    ``gil-demo watch`` shows that the GIL is free.

    pybind11, nanobind, Cython, SWIG, cffi and ctypes add no threads; what they call may have
    some. Frequent: two products at once took twice as long (numpy#11821), and fewer threads were
    faster than many (OpenBLAS#1881).

Sources:
    - https://numpy.org/doc/stable/reference/global_state.html#number-of-threads-used-for-linear-algebra
    - https://github.com/joblib/threadpoolctl
    - joblib on oversubscription:
      https://joblib.readthedocs.io/en/stable/user_guide/parallel.html#avoiding-over-subscription-of-cpu-resources
    - Two products at once take twice as long: https://github.com/numpy/numpy/issues/11821
    - Fewer threads are faster: https://github.com/OpenMathLib/OpenBLAS/issues/1881
    - With threads of its own for each call: https://github.com/OpenMathLib/OpenBLAS/issues/731
"""

import time
from functools import partial
from typing import Any

import numpy as np

from gil_demo import notation
from gil_demo.host.machine import usable_cores
from gil_demo.lab.compared import slower
from gil_demo.lab.lab import Lab
from gil_demo.lab.thread import Thread
from gil_demo.measuring.paired import ratios
from gil_demo.measuring.rounds import interleaved
from gil_demo.results.numbers import Spread
from gil_demo.results.patterns import Finding

CHAPTER = "speed"
QUESTION = "Why is it slower with threads when each calls BLAS?"
UNSAFE = ("slow", "ok")

SIZE = 1_000_000
ROUNDS = 5
MAX_CALLS = 16  # 256 threads show it well enough


def unsafe(lab: Lab) -> Finding:
    """Compare N calls that use N threads each with N calls that use one each."""
    calls = _calls()
    ratio = Spread.of(ratios(_seconds(lab, calls), "teams", "singles"))
    return slower(f"{calls} calls of {calls} threads", ratio, f"{calls} calls of 1 thread")


def safe(lab: Lab) -> Finding:
    """Compare N calls that use one thread each with N calls that use N each."""
    calls = _calls()
    ratio = Spread.of(ratios(_seconds(lab, calls), "singles", "teams"))
    took = f"{calls} calls of 1 thread took {notation.times(ratio)}"
    return Finding("ok", f"{took} as long as {calls} calls of {calls} threads")


def _calls() -> int:
    """Return how many calls run at once: one for each core, but at least two."""
    return min(max(usable_cores(), 2), MAX_CALLS)


def _seconds(lab: Lab, calls: int) -> list[dict[str, float]]:
    """Time each round with N threads for each call, and with one."""
    both = {
        "teams": partial(_sum_in_threads, lab, lab.c.oversubscribed_unsafe, calls),
        "singles": partial(_sum_in_threads, lab, lab.c.oversubscribed_safe, calls),
    }
    return interleaved(both, ROUNDS)


def _sum_in_threads(lab: Lab, summed: Any, calls: int) -> float:
    arrays = [np.ones(SIZE) for _ in range(calls)]
    memory = [lab.ffi.from_buffer("double[]", array) for array in arrays]
    began = time.perf_counter()
    threads = [Thread(summed, data, SIZE, calls) for data in memory]
    sums = [thread.result() for thread in threads]
    taken = time.perf_counter() - began
    if sums != [SIZE] * calls:
        raise ArithmeticError(f"sums: expected {SIZE}, found {sums}")
    return taken
