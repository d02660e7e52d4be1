"""A library has one lock for all its calls: threads wait for it although the GIL is free.

Mechanism:
    Many multi-threaded programs call libraries that take one lock of their own in each call, and
    keep it until the call returns. HDF5 is built so, and a module that was made safe
    without a GIL by one mutex around everything. The call releases the GIL, as it should: other
    Python code runs, and so does other C. But of two calls of this library one waits for the
    other. It waits without the GIL, so nothing is wrong and nobody hangs. More threads are
    simply no faster, and a tool that measures the GIL says that it is not the reason.

What you will see:
    Two threads call a library that sums an array under its lock, and a library that has behind
    its lock only the counter that its calls share. Each is compared with the same two calls one
    after the other. On two idle cores the one lock gives a ratio of about 1, and
    the short one about half. C also counts how many calls are at work at one moment: with the
    one lock that is 1 on every machine, whatever the times say, and with the short one it is 2.

Why the safe half is safe:
    The lock protects what the calls share, and no longer than it is used. The sums touch only
    what belongs to their own call, so they need no lock. That is up to the library. From the
    outside there are three ways: a lock for each file or handle instead of one for all, if the
    library offers it; processes, which have a library each; or one thread that does all calls
    of the library, while other threads work on what it has read.

Forced:
    With the short lock the two calls wait for each other in the middle, so that both are at
    work at one moment, also on one core. Under the one lock they could not: the first would
    wait for ever. Whether two threads gain time is up to the machine, and on one core they gain
    none in either half. The ratios are measured in turn, and shown; nothing is decided by them:
    a half ends in ``slow`` if at most one call was at work, because the other waited.
    No sanitizer judges it, since only time is lost: the evidence is the run itself.

In your own code:
    If ``gil-demo probe`` says that a call releases the GIL, and two threads still take as long
    as one after the other, look for a lock in the library or in its binding. h5py has one of
    its own, beside that of HDF5. ``gil-demo watch`` shows that nobody waits for the GIL then.
    The system's monitor shows a CPU use of 100 %, one core, where several threads read, and a
    debugger shows the others in ``pthread_mutex_lock``. To wait for such a lock with the GIL
    held would be worse: see ``lock-order``. ``gil-demo check`` does not know the library.

    pybind11, nanobind, Cython, Numba, SWIG, cffi and ctypes release the GIL or hold it; none of
    them has, or removes, a lock of the library. Frequent, with HDF5 above all (h5py#591, h5py#1287,
    h5py#1806).

Sources:
    - Locks that protect shared state:
      https://docs.python.org/3/howto/free-threading-extensions.html#protecting-internal-extension-state
    - h5py serialises its calls: https://docs.h5py.org/en/stable/threads.html
    - Threads that read HDF5 use one core: https://github.com/h5py/h5py/issues/591 and
      https://github.com/h5py/h5py/issues/1287 and https://github.com/h5py/h5py/issues/1806
"""

import time
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gil_demo import notation
from gil_demo.lab.lab import Lab
from gil_demo.lab.thread import Thread
from gil_demo.measuring.paired import ratios
from gil_demo.measuring.rounds import interleaved
from gil_demo.results.numbers import Spread
from gil_demo.results.patterns import Finding
from gil_demo.words import NO_GIL

CHAPTER = "speed"
QUESTION = "Why do my threads use one core although the GIL is released?"
HAZARD = {NO_GIL: "A library has one lock for all its calls: threads wait for it even with no GIL."}
UNSAFE = "slow"

SIZE = 4_000_000
ROUNDS = 5


def unsafe(lab: Lab) -> Finding:
    """Call a library whose lock lasts for the whole call."""
    return _call(lab, lab.c.library_lock_unsafe, "one lock for the whole call")


def safe(lab: Lab) -> Finding:
    """Call a library whose lock lasts as long as what it protects is used."""
    return _call(lab, lab.c.library_lock_safe, "a lock for the shared counter only")


def _call(lab: Lab, summed: Any, lock: str) -> Finding:
    """Compare two calls at once with the two one after the other."""
    arrays = [np.ones(SIZE), np.ones(SIZE)]
    both = {
        "at once": partial(_seconds, lab, summed, arrays, True),
        "in turn": partial(_seconds, lab, summed, arrays, False),
    }
    both["in turn"]()  # the first calls meet cold memory
    ratio = Spread.of(ratios(interleaved(both, ROUNDS), "at once", "in turn"))
    at_work = int(lab.pointer.total)
    waited = ", so one waited for the other" if at_work < 2 else ""
    seen = f"{lock}: at most {at_work} of 2 calls were at work at once{waited}"
    gained = f"both at once took {notation.times(ratio)} as long as one after the other"
    return Finding("ok" if at_work > 1 else "slow", seen, gained)


def _seconds(lab: Lab, summed: Any, arrays: list[NDArray[np.float64]], at_once: bool) -> float:
    """Sum both arrays in two threads, at once or one after the other; return the seconds."""
    memory = [lab.ffi.from_buffer("double[]", array) for array in arrays]
    began = time.perf_counter()
    threads = [Thread(summed, memory[0], SIZE, at_once, lab.pointer)]
    if not at_once:
        threads[0].result()
    threads.append(Thread(summed, memory[1], SIZE, at_once, lab.pointer))
    sums = [thread.result() for thread in threads]
    taken = time.perf_counter() - began
    if sums != [SIZE, SIZE]:
        raise ArithmeticError(f"sums: expected {SIZE}, found {sums}")
    return taken
