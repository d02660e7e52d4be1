"""An initialiser that runs once calls Python, and the second thread waits for it with the GIL held.

Mechanism:
    "Once" is a lock that no line mentions. It is in ``pthread_once``, in ``std::call_once``, in a
    ``static`` variable inside a C++ function, and in the loader of dynamic libraries. The first
    thread runs the initialiser, and every other one waits until it has ended. Inside the
    initialiser the first thread calls Python. Python code hands over the GIL now and then,
    so the first thread must wait to take it back. The second thread now has the GIL. It
    comes to the same line and waits for the initialiser, with the GIL held. This is lock-order
    without a mutex in the source.

What you will see:
    One thread is in the initialiser, in Python code that has just released the GIL. The main
    thread calls the same C function. Neither moves again; the stacks show where each waits.
    Without a GIL the initialiser collects garbage: it waits for the end of the collection, the
    collection for the main thread, and that one for the initialiser.

Why the safe half is safe:
    It releases the GIL before ``pthread_once``, and the initialiser takes it with
    ``PyGILState_Ensure``. So every thread waits for the initialiser without the GIL, and the
    order is always the same: the hidden lock, then the GIL. It is simpler to have nothing that
    runs once: compute the value in the module's exec slot, when Python imports the module, and
    keep it in the module's state.

Forced:
    The initialiser waits until the second thread holds the GIL and is about to ask for the
    lock. In a real program two threads must make their first call at the same time, and the
    initialiser must run long enough, as an ``import`` does. So it may hang at one start in a
    thousand, and later never again. Without a GIL the initialiser goes on, unless a garbage
    collection begins, which waits for the second thread; so this initialiser collects. Neither
    sanitizer flags the unsafe half, preloaded into Python: to them "once" is no mutex.

In your own code:
    ``gil-demo watch --alarm 1s SCRIPT`` names the thread and the line that hold the GIL, and
    ``faulthandler.dump_traceback_later(10)`` prints the stacks of both. In C and C++ look for
    ``call_once``, ``pthread_once`` and ``static`` variables whose initialiser can come to
    Python. ``gil-demo check`` says nothing of it.

    pybind11 has ``py::gil_safe_call_once_and_store`` to use instead of a ``static py::object``,
    and a page on this order of locks. With nanobind and SWIG release the GIL around
    ``std::call_once``. cffi has ``ffi.init_once()``. In Cython and with Numba compute at import.
    Between Python threads the locks of ``threading``, and the import lock, are no such trap by
    themselves, because Python releases the GIL while it waits for them. Together with a lock
    of C they are such a trap.

    pybind11's own header for NumPy had it (pybind11#4877). On Windows it is the loader's lock:
    functions that take it were called with the GIL held (cpython#78076, pywin32#639). On Linux,
    ``ctypes.util.dllist()`` beside ``ctypes.CDLL`` is reported to hang on 3.14 (cpython#157573).
    The lock of a library and the import lock of Python 2 met in h5py (h5py#859).

Sources:
    - "Once", static variables and the GIL:
      https://github.com/pybind/pybind11/blob/master/docs/advanced/deadlock.md
    - Detach before waiting for a lock:
      https://docs.python.org/3/howto/free-threading-extensions.html#thread-state-and-gil-apis
    - https://pubs.opengroup.org/onlinepubs/9699919799/functions/pthread_once.html
    - The exec slot: https://docs.python.org/3/c-api/module.html#c.Py_mod_exec
    - https://cffi.readthedocs.io/en/stable/ref.html#ffi-init-once
    - https://github.com/pybind/pybind11/pull/4877
    - https://github.com/python/cpython/issues/78076
    - https://github.com/python/cpython/issues/157573
    - https://github.com/mhammond/pywin32/issues/639
    - https://github.com/h5py/h5py/issues/859
"""

import gc
from collections.abc import Callable
from typing import Any

import numpy as np

from gil_demo.host.machine import gil_enabled
from gil_demo.lab.lab import Lab
from gil_demo.lab.thread import Thread
from gil_demo.results.patterns import Finding
from gil_demo.words import NO_GIL

CHAPTER = "locks and threads"
QUESTION = "May an initialiser that runs once call Python?"
HAZARD = {
    NO_GIL: "An initialiser that runs once calls Python, and the second thread waits attached."
}
UNSAFE = "deadlock"

SIZE = 8192
FACTOR = 0.5


def unsafe(lab: Lab) -> Finding:
    """Come to the initialiser with the GIL held while another thread runs it."""
    return _two_calls(
        lab,
        lab.c.hidden_lock_unsafe,
        lambda: lab.expect_deadlock(
            "one thread ran the initialiser and asked for the GIL, the other the reverse"
            if gil_enabled()
            else "one thread ran the initialiser and collected garbage in it, the collection waited"
            " for the other thread, and that one for the initialiser"
        ),
    )


def safe(lab: Lab) -> Finding:
    """Come to the initialiser without the GIL."""
    return _two_calls(lab, lab.c.hidden_lock_safe, lambda: None)


def _two_calls(lab: Lab, add_up: Any, before: Callable[[], None]) -> Finding:
    def make() -> float:
        """Compute the factor, and meanwhile let the other thread come."""
        lab.reach(1)
        lab.wait_for(2)
        gc.collect()
        return FACTOR

    array = lab.ffi.from_buffer("double[]", np.ones(SIZE))
    first = Thread(add_up, array, SIZE, lab.address(make), 0, lab.pointer)
    lab.wait_for(1)
    before()
    second = add_up(array, SIZE, lab.address(make), 2, lab.pointer)
    return lab.compare("scaled sums of two threads", (first.result(), second), (SIZE / 2,) * 2)
