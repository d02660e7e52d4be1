"""C is in a critical section, and another thread enters the same section during the block.

Mechanism:
    ``Py_BEGIN_CRITICAL_SECTION(object)`` locks a Python object where there is no GIL. With a GIL
    it does nothing, because the GIL keeps the others out already. Neither lasts across BEGIN:
    BEGIN releases the GIL, and a thread that detaches gives up the locks of its critical
    sections until it attaches again. CPython does that on purpose: a thread that detaches to
    wait cannot be part of a deadlock then. A thread that waits and stays attached, in
    ``pthread_mutex_lock`` for instance, keeps its sections. So a critical section protects like
    the GIL: from one line that can detach the thread to the next. A call of the C API can be
    such a line, too, if it can run Python code or wait for another lock.

What you will see:
    C reads a counter, an array of one element, in the array's section, computes in a block, and
    writes the counter. Another thread adds one to it meanwhile, in the same section. Both have
    added one, and the counter is 1: C has added to the value from before the block.

Why the safe half is safe:
    It computes first. The section begins after END, and there is no line between reading and
    writing that could detach the thread. If the computation needs the old value, write only if
    that is still there, and else compute again. Or read, compute and write in the block, under a
    mutex of C's own, which BEGIN does not suspend, and unlock it before END: see lock-order. Then
    all code that changes the element must take that mutex, and not the section.

Forced:
    C waits in the block until the other thread's call is over. In a real program it happens when
    a second call comes while the first computes. Neither sanitizer flags the unsafe half, preloaded
    into Python: the handshake orders the two threads.

In your own code:
    Look for BEGIN, or for a call that can run Python code, between the two lines of a section.
    ``gil-demo check`` has no rule for it.

    The same section has other names: ``py::scoped_critical_section`` in pybind11,
    ``nb::ft_object_guard`` and ``nb::lock_self`` in nanobind, ``cython.critical_section`` in
    Cython. ``with nogil:`` or ``gil_scoped_release`` inside suspends it. Numba, cffi and ctypes
    have none: there a ``threading.Lock`` in Python, around the whole call, is kept.

    It is new with free-threaded builds, and code that only ran with a GIL has met it under
    another name: it is gil-as-lock, with the lock in sight.

Sources:
    - Critical sections, and what suspends them:
      https://docs.python.org/3/c-api/synchronization.html#python-critical-section-api
    - When to use them:
      https://docs.python.org/3/howto/free-threading-extensions.html#critical-sections
    - nanobind: https://nanobind.readthedocs.io/en/latest/free_threaded.html
    - Cython: https://cython.readthedocs.io/en/latest/src/userguide/freethreading.html
"""

from typing import Any

import numpy as np

from gil_demo.lab.lab import Lab
from gil_demo.lab.thread import Thread
from gil_demo.results.patterns import Finding

CHAPTER = "locks and threads"
QUESTION = "Does a critical section last from before BEGIN until after END?"
UNSAFE = "wrong-value"


def unsafe(lab: Lab) -> Finding:
    """Read before the block and write after it, in one section."""
    return _add_from_two_threads(lab, lab.c.section_across_block_unsafe)


def safe(lab: Lab) -> Finding:
    """Read and write after the block, in one section."""
    return _add_from_two_threads(lab, lab.c.section_across_block_safe)


def _add_from_two_threads(lab: Lab, add: Any) -> Finding:
    counter = np.zeros(1, np.int64)
    first = Thread(add, lab.address(counter), lab.pointer)
    lab.wait_for(1)
    lab.c.section_across_block_add_one(lab.address(counter))
    lab.reach(2)
    first.result()
    return lab.compare("additions", int(counter[0]), 2)
