"""C holds a mutex while it asks for the GIL, and Python holds the GIL while it asks for the mutex.

Mechanism:
    The GIL is a lock like any other, and ``Py_END_ALLOW_THREADS`` takes it. A thread that
    still holds a mutex at that line has the order mutex, GIL. A thread that takes the
    same mutex without letting go of the GIL has the order GIL, mutex. When each has its
    first lock, neither gets its second. Without a GIL, END still waits while a garbage
    collection has all threads stopped, and the collection waits for the thread that waits
    for the mutex: the same order matters, it only goes wrong less often.

What you will see:
    One thread holds the mutex and reaches END. The other has the GIL and asks for the
    mutex. Nobody moves again; the stacks of both tell where each stands.

Why the safe half is safe:
    Nobody holds the mutex while asking for the GIL, and nobody holds the GIL while
    waiting for the mutex. Then no thread ever has one and waits for the other.

Forced:
    The first thread waits, mutex in hand, until the second has the GIL and is about to
    ask for the mutex. By chance it takes a second call at any time while the first has the
    mutex: the longer that is, the likelier.
    ThreadSanitizer flags the unsafe half, with a mutex in the GIL's place and one call
    after the other, as a lock-order inversion; AddressSanitizer cannot, because it does
    not look at locks.

Sources:
    - The two orders, step by step:
      https://github.com/pybind/pybind11/blob/master/docs/advanced/deadlock.md#python-cpython-gil
    - Detach before waiting for a lock:
      https://docs.python.org/3/howto/free-threading-extensions.html#thread-state-and-gil-apis
    - END takes the GIL; what is left of that without one:
      https://docs.python.org/3/c-api/threads.html#detaching-the-thread-state-from-extension-code
"""

import numpy as np

from gil_demo.lab.lab import Lab
from gil_demo.lab.thread import Thread
from gil_demo.results.patterns import Finding

CHAPTER = "locks and threads"
QUESTION = "May C hold a lock of its own while it takes the GIL back?"
UNSAFE = "deadlock"


def unsafe(lab: Lab) -> Finding:
    """Mutex, then GIL, against GIL, then mutex."""
    cell = np.zeros(1)
    memory = lab.ffi.from_buffer("double[]", cell, require_writable=True)
    first = Thread(lab, lab.c.lock_order_unsafe_inside, memory, lab.pointer)
    lab.wait_for(1)
    lab.expect_deadlock("one thread held the mutex and asked for the GIL, the other the reverse")
    lab.c.lock_order_unsafe_outside(memory, lab.pointer)
    first.result()
    return lab.compare("additions", float(cell[0]), 2.0)


def safe(lab: Lab) -> Finding:
    """Never one lock while waiting for the other."""
    cell = np.zeros(1)
    memory = lab.ffi.from_buffer("double[]", cell, require_writable=True)
    first = Thread(lab, lab.c.lock_order_safe_inside, memory, lab.pointer)
    lab.wait_for(1)
    lab.c.lock_order_safe_outside(memory, lab.pointer)
    first.result()
    return lab.compare("additions", float(cell[0]), 2.0)
