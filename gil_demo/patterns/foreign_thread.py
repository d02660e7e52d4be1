"""A thread that C started calls Python, but it has neither the GIL nor a thread state.

Mechanism:
    A thread from ``threading`` that calls C has a thread state and holds the GIL. A thread that
    C started has neither. It comes from ``pthread_create`` or ``std::thread``, it is a worker of
    OpenMP, or it is the thread in which a library calls back. When it calls
    ``PyObject_CallFunction``, Python looks for the thread state of this thread, finds NULL, and
    reads through it. It makes no difference whether the thread that called C holds the GIL
    meanwhile: a GIL belongs to one thread.

What you will see:
    C adds up the two halves of an array, one of them in a thread of its own. Each thread passes
    its sum to a Python function. The call from C's own thread ends in SIGSEGV. Functions that
    ask for the thread state in another way end in a fatal error, "the function must be called
    with the GIL held".

Why the safe half is safe:
    ``PyGILState_Ensure`` makes a thread state for the thread, if it has none, and takes the GIL.
    ``PyGILState_Release`` undoes both. The pair may nest, and it may be used in a thread that
    holds the GIL already. The caller must wait inside a block meanwhile, or both wait for
    ever: see wait-with-gil.
    Where it fits, the other safe form is better, and it is run here too. The threads only
    leave their sums in C memory, and the caller's thread calls Python after END. No thread
    state has to be made, and no thread waits for the GIL. Python 3.15 recommends
    ``PyThreadState_Ensure`` instead of the old pair: see wrong-interpreter.

Forced:
    No other thread holds the GIL at that moment. On 3.11 one pointer to the current thread
    state serves the whole process, so beside threads that run Python code the call finds the
    state of one of them. Then such calls went through, 91 of 100 on an idle machine and 6 of 20
    on a busy one, with two threads at work in one interpreter; on 3.12 and 3.13, where each
    thread has its own pointer, 0 of 100. Neither sanitizer flags the unsafe half, preloaded
    into Python, because it is Python that reads through NULL.

In your own code:
    Look for each function that C gives to ``pthread_create``, to ``std::thread`` or to a
    library, and for each call of Python that can be reached from there. Assertions in a debug
    build of NumPy found two of the cases below. ``gil-demo check`` does not know in which thread
    a function runs, so it says nothing.

    Callbacks of ctypes (``CFUNCTYPE`` and ``PYFUNCTYPE``) and of cffi (``extern "Python"`` and
    ``ffi.callback``) take the GIL themselves, in any thread. So does the ``std::function`` that
    pybind11 and nanobind make of a Python function. Everywhere else use
    ``py::gil_scoped_acquire`` or ``nb::gil_scoped_acquire``; both may nest. In Cython declare
    the callback ``with gil``; a ``with gil:`` block does it inside ``prange``. Numba takes the
    GIL where its code comes back to Python, as in ``with objmode():``. SWIG's directors take it
    if the module was made with ``swig -threads``.

    Frequent: a library started the thread, and the author of the callback did not know it. A
    paint program was called back by workers of OpenMP (mypaint#1107). A Cython callback was
    called by a thread of the core library, without ``with gil`` (grpc#10177). Contour lines were
    computed in threads that made arrays (contourpy#172). A callback worked on 3.11 by chance,
    and crashed on 3.13 (cython#7093).

Sources:
    - https://docs.python.org/3/c-api/threads.html#non-python-created-threads
    - https://docs.python.org/3/c-api/threads.html#c.PyGILState_Ensure
    - ctypes: https://docs.python.org/3/library/ctypes.html#callback-functions
    - cffi: https://cffi.readthedocs.io/en/stable/using.html#extern-python-new-style-callbacks
    - pybind11:
      https://pybind11.readthedocs.io/en/stable/advanced/misc.html#global-interpreter-lock-gil
    - nanobind: https://nanobind.readthedocs.io/en/latest/api_core.html#gil-management
    - Cython: https://cython.readthedocs.io/en/latest/src/userguide/nogil.html
    - Numba: https://numba.readthedocs.io/en/stable/user/withobjmode.html
    - SWIG: https://www.swig.org/Doc4.3/Python.html#Python_multithreaded
    - https://github.com/mypaint/mypaint/issues/1107
    - https://github.com/grpc/grpc/pull/10177
    - https://github.com/contourpy/contourpy/pull/172
    - https://github.com/cython/cython/issues/7093
"""

from typing import Any

import numpy as np

from gil_demo.lab.lab import Lab
from gil_demo.results.patterns import Finding
from gil_demo.words import NO_GIL

CHAPTER = "locks and threads"
QUESTION = "May a thread that C started call Python?"
HAZARD = {NO_GIL: "A thread that C started calls Python, but it has no thread state."}
UNSAFE = "crash"

SIZE = 8192


def unsafe(lab: Lab) -> Finding:
    """Call a Python function from a thread that Python does not know."""
    return _sum_in_halves(lab, lab.c.foreign_thread_unsafe)


def safe(lab: Lab) -> Finding:
    """Call it from that thread with the GIL, and from the caller's thread after END."""
    with_gil = _sum_in_halves(lab, lab.c.foreign_thread_safe)
    afterwards = _sum_in_halves(lab, lab.c.foreign_thread_safe_afterwards)
    return with_gil if with_gil.outcome != "ok" else afterwards


def _sum_in_halves(lab: Lab, add_up: Any) -> Finding:
    array = np.ones(SIZE)
    sums: list[float] = []
    function = sums.append
    lab.say("Python called C")
    if add_up(lab.ffi.from_buffer("double[]", array), SIZE, lab.address(function)) < 0:
        raise RuntimeError("C could not start a thread")
    return lab.compare("the sums of both halves", tuple(sums), (SIZE / 2, SIZE / 2))
