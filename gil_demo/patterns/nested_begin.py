"""C begins a block inside a block: it releases a GIL that it does not hold.

Mechanism:
    BEGIN is ``PyEval_SaveThread``: it detaches the thread's state, returns it so that the
    caller can keep it, and releases the GIL. Inside a block there is no attached state to
    return. It happens where one function releases the GIL around a call to another that does
    the same by itself. Each is right alone.

What you will see:
    The kernel dies at the inner BEGIN, before its first element. 3.11 and 3.12 check:
    "Fatal Python error: PyEval_SaveThread: the function must be called with the GIL
    held". 3.13 does not check and reads through a NULL pointer: SIGSEGV. On 3.12.1 too the
    process ends with SIGSEGV here, after that message, because ``faulthandler`` is on: it
    frees memory before the process aborts, and for that the allocator of 3.12 looks for the
    thread state that is missing. Without ``faulthandler``, or with
    another allocator (``PYTHONMALLOC=malloc``), it ends with SIGABRT there.

Why the safe half is safe:
    Each BEGIN is reached with the GIL held. The helper function releases the GIL by itself,
    its comment says so, and its callers do not. Code that needs the GIL and may be called
    with or without it can use ``PyGILState_Ensure``: its pairs nest, with each other and
    with blocks.

Forced:
    Nothing: it happens on every call. The opposite mistake is no better. END is
    ``PyEval_RestoreThread``. Called with a state that is already attached, it waits forever
    on 3.11 and 3.12: the thread waits for itself. On 3.13 it is a fatal error. Neither
    sanitizer flags the unsafe half, preloaded into Python, because C misuses no memory:
    Python dies because its thread state is missing.

In your own code:
    In pybind11 and nanobind a ``gil_scoped_release`` inside another ends the process, whether
    they assert it or Python does. Inside a ``gil_scoped_acquire`` it is right, and
    ``gil_scoped_acquire`` may stand in another: tried with 3.1 of both. In Cython
    ``with nogil:`` inside another does not compile; in a ``nogil`` function 3.3 accepts it, and
    does nothing where the GIL is released. Functions that Numba compiled call each other
    directly, so their ``nogil=True`` never nests. A callback of ctypes, cffi or a SWIG director
    (with ``-threads``) takes the GIL, so it may call into the library again.

    A shutdown released the GIL where its caller had done so already, and its author had taken
    that to be harmless (duckdb#14113).

Sources:
    - https://docs.python.org/3/c-api/threads.html#c.PyEval_SaveThread
    - The opposite: https://docs.python.org/3/c-api/threads.html#c.PyEval_RestoreThread
    - Pairs that nest: https://docs.python.org/3/c-api/threads.html#c.PyGILState_Ensure
    - pybind11:
      https://pybind11.readthedocs.io/en/stable/advanced/misc.html#global-interpreter-lock-gil
    - nanobind: https://nanobind.readthedocs.io/en/latest/api_core.html#gil-management
    - Cython: https://cython.readthedocs.io/en/latest/src/userguide/nogil.html
    - https://github.com/duckdb/duckdb/pull/14113
"""

from typing import Any

import numpy as np

from gil_demo.lab.lab import Lab
from gil_demo.results.patterns import Finding
from gil_demo.words import NO_GIL

CHAPTER = "the block"
QUESTION = "May a block call a function that has a block of its own?"
HAZARD = {NO_GIL: "C begins a block inside a block: it detaches a thread that is already detached."}
UNSAFE = ("crash", "fatal-error")

SIZE = 8192


def unsafe(lab: Lab) -> Finding:
    """Put a block around a function that begins a block of its own."""
    return _mean(lab, lab.c.nested_begin_unsafe)


def safe(lab: Lab) -> Finding:
    """Release the GIL only in the function that is called."""
    return _mean(lab, lab.c.nested_begin_safe)


def _mean(lab: Lab, mean: Any) -> Finding:
    array = np.ones(SIZE)
    lab.say("Python called C")
    found = mean(lab.ffi.from_buffer("double[]", array), SIZE, lab.pointer)
    return lab.compare("mean of the array", found, 1.0)
