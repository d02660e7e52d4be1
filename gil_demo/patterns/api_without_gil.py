"""C calls Python's C API inside the block, where the thread does not hold the GIL.

Mechanism:
    Inside the block the thread has no attached thread state. Many functions of the C API
    begin by looking for one: ``PyFloat_FromDouble`` finds its interpreter through it, to
    reuse a float object that nobody needs any more. There is none, so the function reads
    through a NULL pointer. Functions that do not look for a thread state go on, and change
    objects and reference counts that another thread may be changing too. Then the damage
    shows later and elsewhere.

What you will see:
    C adds up the whole array and makes a Python float of the sum inside the block. That
    call is killed by SIGSEGV. ``PYTHONMALLOC=debug`` or ``python -X dev`` detects some of
    these mistakes: with either one, ``PyLong_FromLong(123456)`` inside a block is a fatal
    error on 3.11, 3.12 and 3.13, "Python memory allocator called without holding the GIL".
    On 3.14 and 3.15 it is a SIGSEGV with them, too, because ints come from a store that is
    found through the thread state. ``PyFloat_FromDouble`` dies before it gets to the allocator.
    Which of the two deaths it is may differ with the build and the allocator.

Why the safe half is safe:
    Inside the block it uses plain C memory only. It makes the object after END, when it
    holds the GIL again. Code that must call Python in the middle of a block takes the GIL
    back with ``Py_BLOCK_THREADS`` and releases it again with ``Py_UNBLOCK_THREADS``.
    A few functions need no GIL, and their documentation says so: ``PyMem_RawMalloc`` is one.
    Up to 3.14 it takes the GIL all the same while ``tracemalloc`` is on, so do not call it
    while holding a mutex; ``malloc`` never does.

Forced:
    No other thread runs Python here. From 3.12 on that makes no difference, because each
    operating system thread has its own pointer to its thread state. On 3.11 there is one
    pointer for the whole process: while another thread holds the GIL, the call finds that
    thread's state and may succeed, with two threads working on one store of spare objects.
    So on 3.11 the same mistake can pass many tests. Neither sanitizer flags
    the unsafe half, preloaded into Python, because it is Python that reads through NULL.

In your own code:
    ``gil-demo guard`` names the function of C that called Python, even where no array is
    involved.

    In pybind11 and nanobind each ``py::object`` or ``nb::object`` that is made, copied or
    dropped is such a call. Inside ``gil_scoped_release`` take the GIL back with
    ``gil_scoped_acquire``; it may nest. Cython does not compile a use of a Python object in
    ``with nogil:``, and Numba uses none in compiled code. C that is called through cffi or
    ``ctypes.CDLL`` runs without the GIL from its first line: for C that calls Python there is
    ``ctypes.PyDLL``.

    Frequent, and often found by an upgrade. A client allocated with ``PyMem_New`` in its block,
    and the development mode named it (pylibmc#254). A binding that made objects without the GIL
    worked on 2.7, 3.7 and 3.8, and crashed on 3.9 (gaffer#4988).

Sources:
    - Only with the GIL: https://docs.python.org/3/c-api/threads.html
    - https://docs.python.org/3/c-api/threads.html#detaching-thread-state
    - https://docs.python.org/3/c-api/threads.html#c.Py_BLOCK_THREADS
    - Functions that need no GIL: https://docs.python.org/3/c-api/memory.html#raw-memory-interface
    - https://docs.python.org/3/using/cmdline.html#envvar-PYTHONMALLOC
    - pybind11:
      https://pybind11.readthedocs.io/en/stable/advanced/misc.html#global-interpreter-lock-gil
    - nanobind: https://nanobind.readthedocs.io/en/latest/api_core.html#gil-management
    - ctypes: https://docs.python.org/3/library/ctypes.html#ctypes.PyDLL
    - https://github.com/lericson/pylibmc/issues/254
    - https://github.com/GafferHQ/gaffer/pull/4988
"""

from typing import Any

import numpy as np

from gil_demo.lab.lab import Lab
from gil_demo.results.patterns import Finding
from gil_demo.words import NO_GIL

CHAPTER = "the block"
QUESTION = "May C make a Python object inside the block?"
HAZARD = {NO_GIL: "C calls Python's C API inside the block, where the thread is detached."}
UNSAFE = ("crash", "fatal-error")

SIZE = 8192


def unsafe(lab: Lab) -> Finding:
    """Make a Python float inside the block."""
    return _append_the_sum(lab, lab.c.api_without_gil_unsafe)


def safe(lab: Lab) -> Finding:
    """Make the Python float after the block."""
    return _append_the_sum(lab, lab.c.api_without_gil_safe)


def _append_the_sum(lab: Lab, append: Any) -> Finding:
    array = np.ones(SIZE)
    sums: list[float] = []
    lab.say("Python called C")
    append(lab.ffi.from_buffer("double[]", array), SIZE, lab.address(sums), lab.pointer)
    return lab.compare("sum that C put into the list", sums[0], SIZE)
