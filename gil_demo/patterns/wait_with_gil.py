"""C waits, with the GIL held, for a thread that needs the GIL.

Mechanism:
    No other lock is needed for this deadlock. C calls a function that waits: ``read`` on a
    pipe or a socket, ``pthread_join``, a condition variable, a queue of a library. The thread
    holds the GIL during the whole wait. If the wait ends only after another thread has run
    Python code, that thread never gets the GIL, and the wait never ends. C need not touch a
    Python object for this. If the wait needs nobody who runs Python code, it does end, but
    until then no thread runs Python code.
    Without a GIL the waiting thread stays attached. A garbage collection first stops all
    attached threads, so it waits for this one, and each thread that runs Python code waits
    with it. On 3.13 a process does the same once before its first further thread runs: if that
    is the thread that C waits for, the wait never ends. See stop-the-world.

What you will see:
    C reads an array from a pipe with the GIL held. A Python thread is about to write the
    numbers into that pipe, and it needs the GIL for this. Neither moves again; the stacks
    show where each waits. Without a GIL the Python thread collects garbage before it writes, and
    the collection waits for C.
    The second form is ``pthread_join`` of a thread that C started and that calls Python,
    ``wait_with_gil_unsafe_join``. Only its safe form is run here, because a process can hang
    only once.

Why the safe half is safe:
    The same ``read`` and the same ``pthread_join`` stand between BEGIN and END. While C waits,
    the other thread can take the GIL and do its work. When the wait is over, END takes the
    GIL back. A call that waits only sometimes belongs in a block as well.

Forced:
    The writer begins when C has reached the wait, and then C already holds the GIL. Without a
    GIL it would write at once; so it first calls ``gc.collect()``, as any thread may do there
    when it makes objects. In a real program the data are often there already, or the other
    thread has already ended. Then nothing happens, and the same line hangs another day. Neither
    sanitizer flags the unsafe half, preloaded into Python, because a thread that waits makes no
    wrong access.

In your own code:
    ``gil-demo watch --alarm 1s SCRIPT`` names the line that holds the GIL while other threads wait.
    ``faulthandler.dump_traceback_later(10)`` prints the stacks of all threads after ten seconds;
    it needs no GIL. ``gil-demo check`` cannot see it, because the C does not say which calls
    wait.

    cffi and ``ctypes.CDLL`` release the GIL around every call, ``ctypes.PyDLL`` does not.
    pybind11, nanobind and SWIG hold it unless they are told otherwise, by
    ``call_guard<gil_scoped_release>()`` or ``swig -threads``. In Cython only ``with nogil:``
    releases it; ``nogil`` behind a declaration does not. Numba holds it unless the function has
    ``nogil=True``. A C++ destructor that joins a thread is the same mistake, and nobody wrote
    the call: pybind11 3 has ``py::release_gil_before_calling_cpp_dtor`` for it.

    Reports of it are frequent. A function that stops a worker joined it while the worker wrote
    to Python's log (drake#16731). A call waited for the answer of a Python callback (dgl#4036).
    A destructor joined a pool of threads, one of which asked for the GIL (duckdb#10854). A
    client of a network service stopped all threads for as long as the network took (pylibmc#8).

Sources:
    - Detach around a call that waits:
      https://docs.python.org/3/c-api/threads.html#detaching-the-thread-state-from-extension-code
    - The same without a GIL:
      https://docs.python.org/3/howto/free-threading-extensions.html#thread-state-and-gil-apis
    - ctypes: https://docs.python.org/3/library/ctypes.html#ctypes.PyDLL
    - cffi: https://cffi.readthedocs.io/en/stable/ref.html#conversions
    - pybind11:
      https://pybind11.readthedocs.io/en/stable/advanced/misc.html#global-interpreter-lock-gil
    - nanobind: https://nanobind.readthedocs.io/en/latest/api_core.html#gil-management
    - Cython: https://cython.readthedocs.io/en/latest/src/userguide/nogil.html
    - Numba: https://numba.readthedocs.io/en/stable/user/jit.html#nogil
    - SWIG: https://www.swig.org/Doc4.3/Python.html#Python_multithreaded
    - Destructors that wait: https://github.com/pybind/pybind11/issues/1446
    - https://github.com/RobotLocomotion/drake/pull/16731
    - https://github.com/dmlc/dgl/pull/4036
    - https://github.com/duckdb/duckdb/pull/10854
    - https://github.com/lericson/pylibmc/issues/8
"""

import gc
import os
from collections.abc import Callable
from typing import Any

import numpy as np

from gil_demo.host.machine import gil_enabled
from gil_demo.lab.lab import Lab
from gil_demo.lab.thread import Thread
from gil_demo.results.patterns import Finding
from gil_demo.words import NO_GIL

CHAPTER = "locks and threads"
QUESTION = "May C wait for another thread while it holds the GIL?"
HAZARD = {NO_GIL: "C waits, attached, for a thread that waits for a collection, which waits for C."}
UNSAFE = "deadlock"

SIZE = 8192


def unsafe(lab: Lab) -> Finding:
    """Read with the GIL held what a Python thread is about to write."""
    return _receive(
        lab,
        lab.c.wait_with_gil_unsafe,
        lambda: lab.expect_deadlock(
            "C held the GIL and waited for a Python thread to write"
            if gil_enabled()
            else "C stayed attached and waited for a Python thread to write, which waited for the"
            " end of a collection, and the collection for C"
        ),
    )


def safe(lab: Lab) -> Finding:
    """Read inside a block, and join inside a block a thread of C that calls Python."""
    called: list[str] = []

    def function() -> None:
        called.append("by a thread of C")

    if lab.c.wait_with_gil_safe_join(lab.address(function)) < 0:
        raise RuntimeError("C could not start a thread")
    finding = _receive(lab, lab.c.wait_with_gil_safe, lambda: None)
    return finding if called else Finding("wrong-value", "the joined thread did not call Python")


def _receive(lab: Lab, receive: Any, before: Callable[[], None]) -> Finding:
    reading, writing = os.pipe()
    Thread(_send, lab, np.ones(SIZE), writing)
    array = np.zeros(SIZE)
    memory = lab.ffi.from_buffer("double[]", array, require_writable=True)
    before()
    received = receive(reading, memory, SIZE, lab.pointer)
    return lab.compare(
        "elements received, and their sum", (received, float(array.sum())), (SIZE, SIZE)
    )


def _send(lab: Lab, numbers: Any, pipe: int) -> None:
    """Write to the pipe when C waits. Collect before that: without a GIL this waits for C."""
    lab.wait_for(1)
    gc.collect()
    with open(pipe, "wb") as file:
        file.write(numbers)
