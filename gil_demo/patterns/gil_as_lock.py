"""C relied on the GIL as the lock for its own data; now it releases the GIL and has no lock.

Mechanism:
    C has data of its own: here, how many numbers a log has. To append a number it reads where
    the end is, writes there, and moves the end. While every call keeps the GIL through
    all three steps, no other call can come in between: the GIL was the lock, and nobody
    wrote that down. A call that releases the GIL no longer has that lock. A free-threaded
    build has none to begin with, unless the GIL was turned on: by ``-X gil=1``, or by an
    extension that does not declare ``Py_MOD_GIL_NOT_USED``. And even where the GIL is held,
    anything in between that may run Python code, a ``Py_DECREF`` for instance, may let
    another thread in. The data need not be your own: a library that has state of its own, as
    MINPACK or HDF5 have, is safe as long as the GIL is its lock, and then needs one lock for
    all its calls. A lock for each file is not enough if the library shares state between files.

What you will see:
    Two threads append 100 numbers each. Before each write they wait until both have
    read the same end, so both write to the same place: the log has exactly 100 of 200.
    Without a GIL the unsafe half stays attached, as the code did when it was right, and loses
    as many.

Why the safe half is safe:
    The data have a mutex of their own, held from reading the end until it has moved. C takes the
    mutex after it has released the GIL, and unlocks it before END asks for the GIL, so no thread
    ever waits for one of them while it has the other. From 3.13 on it is a ``PyMutex``, which
    also serves outside a block: a thread that waits for it detaches meanwhile. So without a GIL
    the safe half stays attached, as the unsafe half does, and takes the same mutex. All code
    that uses the data must take it: two locks for one state are none.

Forced:
    Both threads meet between reading the end and writing. In the safe half they meet just
    before the lock instead, because two threads cannot meet inside it. In a real program it
    happens when a second call comes within the nanoseconds between two lines; with
    ``--unforced`` two threads append 200,000 numbers each and do not wait. ThreadSanitizer
    flags the unsafe half in that form, where no handshake orders the writes; AddressSanitizer
    cannot, because every access is to memory that is there.

In your own code:
    A binding takes the lock away with one word: ``call_guard<gil_scoped_release>()`` in pybind11
    and nanobind, ``nogil=True`` in Numba, ``with nogil:`` in Cython, ``threadsafe`` in f2py,
    ``-threads`` in SWIG. cffi and ``ctypes.CDLL`` never held it. Before you write it, look for
    data that two calls of the library share. For such data Cython has ``cython.pymutex``, and
    nanobind ``nb::ft_mutex``, which does nothing in a build with a GIL: so it is not for code
    that releases the GIL. ``nb::lock_self()`` and ``cython.critical_section`` lock one object:
    they are for data in it.

    It comes with the first release of the GIL in a library, or with the first build without
    one: see closed-under-call, where only the GIL had kept ``close`` away.

Sources:
    - https://docs.python.org/3/howto/free-threading-extensions.html#protecting-internal-extension-state
    - A mutex that detaches: https://docs.python.org/3/c-api/synchronization.html#c.PyMutex
    - What turns the GIL back on:
      https://docs.python.org/3/howto/free-threading-extensions.html#module-initialization
    - What the GIL is for:
      https://docs.python.org/3/c-api/threads.html#thread-states-and-the-global-interpreter-lock
    - A library's own state: https://github.com/scipy/scipy/pull/7999 and a lock for each file:
      https://github.com/h5py/h5py/issues/230
    - nanobind: https://nanobind.readthedocs.io/en/latest/free_threaded.html
    - Cython: https://cython.readthedocs.io/en/latest/src/userguide/freethreading.html
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gil_demo.host.machine import gil_enabled
from gil_demo.lab.lab import Lab
from gil_demo.lab.thread import Thread
from gil_demo.results.patterns import Finding
from gil_demo.words import NO_GIL

CHAPTER = "locks and threads"
QUESTION = "Does my C code need a lock of its own?"
HAZARD = {
    NO_GIL: "C relied on a GIL as the lock for its own data; here there is none, and C has no lock."
}
UNSAFE = "wrong-value"

TIMES = 100
UNFORCED_TIMES = 200_000


def unsafe(lab: Lab) -> Finding:
    """Append from two threads that nothing orders: no lock, or none but a GIL that is not there."""
    append = lab.c.gil_as_lock_unsafe if gil_enabled() else lab.c.gil_as_lock_no_gil
    return _append_from_two_threads(lab, append, TIMES)


def safe(lab: Lab) -> Finding:
    """Append from two threads, one at a time."""
    append = lab.c.gil_as_lock_safe if gil_enabled() else lab.c.gil_as_lock_no_gil_locked
    return _append_from_two_threads(lab, append, TIMES)


def unforced(lab: Lab) -> Finding:
    """Append from two threads that do not wait for each other."""
    return _append_from_two_threads(lab, lab.c.gil_as_lock_unforced, UNFORCED_TIMES)


def _append_from_two_threads(lab: Lab, append: Any, times: int) -> Finding:
    log: NDArray[np.float64] = np.zeros(2 * times)
    numbers = lab.ffi.from_buffer("double[]", log, require_writable=True)
    threads = [Thread(append, numbers, number, times, lab.pointer) for number in (1.0, 2.0)]
    for thread in threads:
        thread.result()
    return lab.compare("numbers in the log", int(np.count_nonzero(log)), 2 * times)
