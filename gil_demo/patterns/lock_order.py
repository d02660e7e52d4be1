"""C holds a mutex while it asks for the GIL, and Python holds the GIL while it asks for the mutex.

Mechanism:
    The GIL is a lock like any other, and ``Py_END_ALLOW_THREADS`` takes it. A thread that
    still holds a mutex at that line takes its locks in the order mutex, GIL. A thread that
    takes the same mutex without releasing the GIL has the order GIL, mutex. When each has its
    first lock, neither gets its second. Without a GIL, END still waits while a garbage
    collection has stopped all threads, and the collection waits for the thread that waits
    for the mutex. So the same order matters, and it only goes wrong less often. END also waits
    for the lock of a critical section that BEGIN suspended: that is a lock order, too.

    No BEGIN and END need be in sight. If C calls Python code while it holds the mutex, that
    code releases the GIL by itself: where it waits for something, and otherwise after the
    switch interval. Then another thread can come to the mutex with the GIL. Tried on 3.11,
    3.12 and 3.13, with a callback that sleeps and with one that computes: both threads hang.

What you will see:
    One thread holds the mutex and reaches END. The other has the GIL and asks for the
    mutex. Neither goes on; the stacks of both show where each waits. The sandbox watches the
    threads from outside: the second never runs again, and the first wakes after each switch
    interval, only to ask for the GIL once more. Without a GIL a third thread collects
    garbage, and none of the three goes on.

Why the safe half is safe:
    No thread holds the mutex while it asks for the GIL, and no thread holds the GIL while it
    waits for the mutex. So no thread ever has one of them and waits for the other. From 3.13
    on ``PyMutex`` helps: a thread that waits for it detaches meanwhile, so the unsafe code
    with ``PyMutex`` in place of ``pthread_mutex_t`` ends well (seen on 3.13 to 3.15).

Forced:
    The first thread holds the mutex and waits until the second has the GIL and is about to
    ask for the mutex. In a real program it happens when a second call comes at any time
    while the first has the mutex: the longer that time is, the likelier it is. Without a GIL
    the first thread goes through END and BEGIN until the collection has come.
    ThreadSanitizer flags the unsafe half as a lock-order inversion, with a mutex in the
    GIL's place and one call after the other; AddressSanitizer cannot, because it does not
    check locks.

In your own code:
    ``gil-demo watch --alarm 1s SCRIPT`` names the thread and the line that have the GIL, and
    ``faulthandler.dump_traceback_later(10)`` prints where all threads wait.

    C++ destroys objects in the reverse order. So with pybind11 and nanobind declare
    ``gil_scoped_release`` before ``std::lock_guard``: then the mutex is unlocked first, and the
    GIL is taken back without it. In Cython put the lock inside ``with nogil:``. cffi,
    ``ctypes.CDLL`` and ``swig -threads`` release the GIL around the call, so there only a
    callback into Python under the mutex is wrong. Numba has no locks.

    Frequent, with logging above all: a log handler in C++ called Python's (picologging#207), a
    logger's mutex met the GIL (mantid#33939).

Sources:
    - A mutex that detaches: https://docs.python.org/3/c-api/synchronization.html#c.PyMutex
    - The two orders, step by step:
      https://github.com/pybind/pybind11/blob/master/docs/advanced/deadlock.md#python-cpython-gil
    - Detach before waiting for a lock:
      https://docs.python.org/3/howto/free-threading-extensions.html#thread-state-and-gil-apis
    - END takes the GIL; the part of that which remains without a GIL:
      https://docs.python.org/3/c-api/threads.html#detaching-the-thread-state-from-extension-code
    - Python code under a mutex: https://github.com/microsoft/picologging/issues/207
    - https://github.com/mantidproject/mantid/pull/33939
"""

import gc

import numpy as np

from gil_demo.host.machine import gil_enabled
from gil_demo.lab.lab import Lab
from gil_demo.lab.thread import Thread
from gil_demo.results.patterns import Finding
from gil_demo.words import NO_GIL

CHAPTER = "locks and threads"
QUESTION = "May C hold a lock of its own while it takes the GIL back?"
HAZARD = {
    NO_GIL: "C holds a mutex while END waits for a collection, and that for a thread at the mutex."
}
UNSAFE = "deadlock"


def unsafe(lab: Lab) -> Finding:
    """Take the mutex and then the GIL, against the GIL and then the mutex."""
    cell = np.zeros(1)
    memory = lab.ffi.from_buffer("double[]", cell, require_writable=True)
    with_gil = gil_enabled()
    inside = lab.c.lock_order_unsafe_inside if with_gil else lab.c.lock_order_no_gil
    first = Thread(inside, memory, lab.pointer)
    lab.wait_for(1)
    _collect_where_no_gil_is(lab)
    lab.expect_deadlock(
        "one thread held the mutex and asked for the GIL, the other the reverse"
        if with_gil
        else "one thread held the mutex and waited for the end of a collection, the collection"
        " for another thread, and that one for the mutex"
    )
    lab.c.lock_order_unsafe_outside(memory, lab.pointer)
    first.result()
    return lab.compare("additions", float(cell[0]), 2.0)


def safe(lab: Lab) -> Finding:
    """Never hold one lock while waiting for the other."""
    cell = np.zeros(1)
    memory = lab.ffi.from_buffer("double[]", cell, require_writable=True)
    first = Thread(lab.c.lock_order_safe_inside, memory, lab.pointer)
    lab.wait_for(1)
    _collect_where_no_gil_is(lab)
    lab.c.lock_order_safe_outside(memory, lab.pointer)
    first.result()
    return lab.compare("additions", float(cell[0]), 2.0)


def _collect_where_no_gil_is(lab: Lab) -> None:
    """Collect garbage, which stops all threads, once the other thread asks for the mutex."""

    def collect() -> None:
        lab.wait_for(2)
        gc.collect()
        lab.reach(3)

    if not gil_enabled():
        Thread(collect)
