"""A long call ignores Ctrl-C until it is over, with the GIL or without it.

Mechanism:
    When a signal comes, CPython's handler in C only records that it came. The handler that
    ``signal.signal`` set, by default one that raises ``KeyboardInterrupt`` for Ctrl-C, is
    run later, by the main thread, when it next executes Python code. While the main
    thread is in one long C call there is no such moment. Releasing the GIL does not
    help: other threads run, but they may not run the handler.

What you will see:
    SIGINT comes when C has done half of the elements. The kernel goes on to the last one.
    Only then does the handler run.

Why the safe half is safe:
    After each slice it takes the GIL back and calls ``PyErr_CheckSignals``, which runs
    the handlers of signals that have come. If one raises, C stops. Taking the GIL back may
    mean a wait while another thread runs Python (the switch interval is 5 ms), so a slice
    should last a while: a user who presses Ctrl-C does not notice 10 ms.
    ``PyErr_CheckSignals`` runs handlers in the main thread only; from 3.12 on it also runs a
    garbage collection that is due, in any thread, and so perhaps finalisers. So look again
    afterwards at arrays that C only borrowed. A kernel in another thread
    needs an atomic flag that the main thread sets. Code without the C API loops over slices
    in Python.

Forced:
    C sends itself the SIGINT, half-way through. In a real program a user presses
    Ctrl-C during the call, and then it happens every time. Neither sanitizer flags the
    unsafe half, preloaded into Python, because a late handler is no misuse of memory.

In your own code:
    Send SIGINT to a test during the call, and measure how long it takes. ``gil-demo check`` has
    no rule for it, because the C does not say how long a loop lasts.

    In pybind11 write ``if (PyErr_CheckSignals() != 0) throw py::error_already_set();``, in
    nanobind ``throw nb::python_error();``, both with the GIL held. In Cython
    ``PyErr_CheckSignals`` is in ``cpython.exc``, for ``with gil:``. Compiled code of Numba, and
    C that cffi or ctypes calls, do not check: call them for a slice at a time.

    Frequent. A simulation could not be stopped (arbor#2068), a query ran to its end first
    (arkimet#210), and so does a large call of NumPy's random generator (cpython#134075).

Sources:
    - https://docs.python.org/3/library/signal.html#execution-of-python-signal-handlers
    - Which thread: https://docs.python.org/3/library/signal.html#signals-and-threads
    - https://docs.python.org/3/c-api/exceptions.html#c.PyErr_CheckSignals
    - https://docs.python.org/3/c-api/threads.html#c.Py_BLOCK_THREADS
    - pybind11: https://pybind11.readthedocs.io/en/stable/faq.html#how-can-i-properly-handle-ctrl-c-in-long-running-functions
    - https://github.com/arbor-sim/arbor/issues/2068
    - https://github.com/ARPA-SIMC/arkimet/issues/210
    - https://github.com/python/cpython/issues/134075
"""

import signal
from contextlib import suppress
from typing import Any

import numpy as np

from gil_demo.lab.lab import Lab
from gil_demo.results.patterns import Finding
from gil_demo.words import NO_GIL

CHAPTER = "the block"
QUESTION = "Does Ctrl-C stop a call that has released the GIL?"
HAZARD = {NO_GIL: "A long call ignores Ctrl-C until it is over, attached or detached."}
UNSAFE = "stall"

SIZE = 8192


def unsafe(lab: Lab) -> Finding:
    """Add up everything in one go."""
    return _interrupt(lab, lab.c.uninterruptible_unsafe)


def safe(lab: Lab) -> Finding:
    """Check after each slice whether a signal came."""
    return _interrupt(lab, lab.c.uninterruptible_safe)


def _interrupt(lab: Lab, add_up: Any) -> Finding:
    array = np.ones(SIZE)
    done = np.zeros(1, dtype=np.int64)
    served_at = []

    def handler(*_: object) -> None:
        served_at.append(int(done[0]))
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, handler)
    with suppress(KeyboardInterrupt):
        add_up(
            lab.ffi.from_buffer("double[]", array),
            SIZE,
            lab.ffi.from_buffer("int64_t[]", done, require_writable=True),
        )
    came = f"Ctrl-C came after {SIZE // 2:,} of {SIZE:,} elements"
    if served_at == [SIZE]:
        return Finding("stall", came, "its handler ran after the last one")
    if served_at != [int(done[0])]:
        return Finding("stall", came, f"its handler ran after {served_at[0]:,}, and C went on")
    return Finding("ok", came, f"its handler ran after {served_at[0]:,}, and C stopped there")
