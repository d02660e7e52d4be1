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

Sources:
    - https://docs.python.org/3/library/signal.html#execution-of-python-signal-handlers
    - Which thread: https://docs.python.org/3/library/signal.html#signals-and-threads
    - https://docs.python.org/3/c-api/exceptions.html#c.PyErr_CheckSignals
    - https://docs.python.org/3/c-api/threads.html#c.Py_BLOCK_THREADS
"""

import signal
from contextlib import suppress
from typing import Any

import numpy as np

from gil_demo.lab.lab import Lab
from gil_demo.results.patterns import Finding

CHAPTER = "the block"
QUESTION = "Does Ctrl-C stop a call that has released the GIL?"
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
