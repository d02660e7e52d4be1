"""C stays attached while it computes, and a garbage collection waits for it with all threads.

Mechanism:
    Some things need all threads to stand still: in a process without a GIL among others a
    garbage collection, ``os.fork``, the import of a C module that is not loaded yet (where
    ``PYTHON_GIL`` is not set), and in 3.13 also the first further thread. CPython calls this
    stopping the world. It asks every thread to stop, and waits until each has stopped in Python
    code, or has detached. A thread that computes in C and stays attached does neither before its
    end. So the collection waits for this thread, and all others, which have stopped already,
    wait for the collection. A thread in the block is detached: nobody waits for it. With a GIL
    no collection stops anybody: the same call keeps all other threads out already.

What you will see:
    C adds up half of an array, and then another thread may collect garbage. C looks for 50 ms
    and more whether the collection has ended. It never has: without a GIL it waits for C, and
    with one the other thread cannot even begin it. In the safe half the collection ends while C
    is inside.

Why the safe half is safe:
    It computes in the block, where its thread is detached. What the collector looks at are
    Python objects, and code in the block touches none. If C comes to END during a collection,
    it waits there until that is over: then it is one of those that stand still.

Forced:
    C waits half-way until the collection has ended. The unsafe half gives up after 50 ms and
    more, or it would be a deadlock. In a real program it happens in each call that is still
    running when the next collection comes, and any thread that makes objects can cause one.
    Neither sanitizer flags the unsafe half, preloaded into Python, because a thread that waits
    makes no wrong access.

In your own code:
    Look for calls that compute for more than a few milliseconds without a block: with a GIL
    ``gil-demo watch SCRIPT`` names them, and ``gil-demo probe`` answers for one call. Without a
    GIL ``gil-demo run --section responsiveness`` measures the stall. ``gil-demo check`` has no rule
    for it, because the C does not say how long a loop takes.

    What releases the GIL also detaches: ``gil_scoped_release`` of pybind11 and nanobind,
    ``with nogil:`` in Cython, ``nogil=True`` in Numba, every call of cffi and ``ctypes.CDLL``.
    ``ctypes.PyDLL`` stays attached.

    So BEGIN and END are not for the GIL alone, and a build without one is no reason to delete them.

Sources:
    - Detach around code that takes long:
      https://docs.python.org/3/howto/free-threading-extensions.html#thread-state-and-gil-apis
    - What waits until a thread detaches:
      https://docs.python.org/3/c-api/threads.html#detaching-the-thread-state-from-extension-code
    - Stopping the world: https://peps.python.org/pep-0703/#stop-the-world
    - The collector: https://docs.python.org/3/library/gc.html
    - An import: ``_PyEval_EnableGILTransient`` in
      https://github.com/python/cpython/blob/3.13/Python/ceval_gil.c
    - 3.13, the first further thread: ``new_threadstate`` in
      https://github.com/python/cpython/blob/3.13/Python/pystate.c
"""

import gc
from typing import Any

import numpy as np

from gil_demo.lab.lab import Lab
from gil_demo.lab.thread import Thread
from gil_demo.results.patterns import Finding

CHAPTER = "the block"
QUESTION = "Does a long call need BEGIN and END where there is no GIL?"
UNSAFE = "stall"

SIZE = 8192


def unsafe(lab: Lab) -> Finding:
    """Stay attached while another thread wants to collect garbage."""
    return _collect_during(lab, lab.c.stop_the_world_unsafe)


def safe(lab: Lab) -> Finding:
    """Be detached while another thread collects garbage."""
    return _collect_during(lab, lab.c.stop_the_world_safe)


def _collect_during(lab: Lab, summed: Any) -> Finding:
    ended = np.zeros(1, np.int64)
    collector = Thread(_collect, lab)
    total = summed(
        lab.ffi.from_buffer("double[]", np.ones(SIZE)),
        SIZE,
        lab.ffi.from_buffer("int64_t[]", ended, require_writable=True),
        lab.pointer,
    )
    collector.result()
    if not ended[0]:
        return Finding("stall", "no collection ended before C had left")
    return lab.compare("sum of the array", total, SIZE, "a collection ended while C was inside")


def _collect(lab: Lab) -> None:
    lab.wait_for(1)
    gc.collect()
    lab.reach(2)
