"""Two threads without the GIL take references to one array, and some are never counted.

Mechanism:
    In builds with a GIL ``Py_INCREF`` is a plain addition to a field of the object: load,
    add, store, and none of it is atomic. Only the GIL keeps two increments apart. If two
    threads in the block load the same count, both store the same sum, and one reference is
    not counted. Then there are more owners than the count says, and the array is freed while
    somebody still uses it. If the lost operation is a ``Py_DECREF``, the array is never
    freed. Since 3.12 some objects are immortal, ``None`` for one, and ``Py_INCREF`` leaves
    their counts alone; arrays are not among them.

    Free-threaded builds count differently: the thread that made an object has a count of its
    own there, and the others share one that they change atomically. So no ``Py_INCREF`` is
    lost, with a GIL or without. But ``Py_DECREF`` may need the thread state, which a block
    does not have: see last-reference. So on these builds too, a block is no place for either.

What you will see:
    Two threads take 100 references each to one array. Every time both load before
    either stores: exactly 100 of 200 are counted. (On a free-threaded build the unsafe half
    calls ``Py_INCREF`` itself, and all 200 are counted.) If all 200 were given back, the count
    would reach zero half-way, and the array would be freed while the other owners still use
    it. The child process ends before that.

Why the safe half is safe:
    Each thread takes the GIL back for ``Py_INCREF``. Only one thread has it, so one
    addition is over before the next begins. Usually there is a cheaper way: take the
    references before the block and give them back after it.

Forced:
    The unsafe half spells out what ``Py_INCREF`` does, and both threads meet between the
    load and the store. ``--unforced`` calls ``Py_INCREF`` a million times in each thread.
    Then two cores must use the count within the same few nanoseconds. On one
    core a switch of threads must come between load and store, and that is possible only from
    3.12 on: for 3.11 ``gcc -O2`` on x86-64 makes a single instruction of it, while 3.12
    and later check in between whether the object is immortal. ThreadSanitizer flags the unsafe half
    in that form, preloaded into Python; AddressSanitizer cannot, because every access is to
    memory that is there.

    A debug build of Python needs no race to find it. It also counts all references of an
    interpreter, and finds that count through the thread state, which a block does not have:
    one ``Py_INCREF`` in a block is a SIGSEGV, seen on debug builds of 3.14 and 3.15.

In your own code:
    In C++ a copy of a ``py::object`` or an ``nb::object`` is a ``Py_INCREF``, also in a lambda
    that captures one by value. Compiled without ``NDEBUG``, pybind11 and nanobind check at each
    change of a count that the GIL is held; a scope with ``gil_scoped_release`` should hold
    references only (``const py::object &``). Cython does not compile such a copy in
    ``with nogil:``. Numba counts references to its own arrays atomically.

    Frequent, and rarely seen as such: a count that is wrong by one crashes elsewhere, and
    later. When pybind11 began to assert, the tests of large projects failed (pytorch#91251).

Sources:
    - https://docs.python.org/3/c-api/threads.html#thread-states-and-the-global-interpreter-lock
    - Taking the GIL back: https://docs.python.org/3/c-api/threads.html#c.Py_BLOCK_THREADS
    - https://docs.python.org/3/c-api/refcounting.html#c.Py_INCREF
    - Immortal objects: https://peps.python.org/pep-0683/
    - On a debug build: https://github.com/python/cpython/issues/122904
    - Counting without a GIL: https://peps.python.org/pep-0703/#reference-counting
    - pybind11's list of common mistakes:
      https://pybind11.readthedocs.io/en/stable/advanced/misc.html#common-sources-of-global-interpreter-lock-errors
    - https://github.com/pytorch/pytorch/issues/91251
"""

import sys
from typing import Any

import numpy as np

from gil_demo.host.machine import free_threaded
from gil_demo.lab.lab import Lab
from gil_demo.lab.thread import Thread
from gil_demo.results.patterns import Finding
from gil_demo.words import FREE_THREADED

CHAPTER = "the block"
QUESTION = "May C call Py_INCREF inside the block?"
HAZARD = {
    FREE_THREADED: "Two threads take references to one array in the block: this build counts all."
}
UNSAFE = {"3.11": "wrong-value", FREE_THREADED: "ok"}

TIMES = 100
UNFORCED_TIMES = 1_000_000


def unsafe(lab: Lab) -> Finding:
    """Load the count in both threads, then store it in both, where ``Py_INCREF`` does so."""
    taken_apart, whole = lab.c.refcount_race_unsafe, lab.c.refcount_race_free_threaded
    return _take_references(lab, whole if free_threaded() else taken_apart, TIMES)


def safe(lab: Lab) -> Finding:
    """Take one reference after the other, with the GIL."""
    return _take_references(lab, lab.c.refcount_race_safe, TIMES)


def unforced(lab: Lab) -> Finding:
    """Call ``Py_INCREF`` itself without the GIL, as fast as it goes."""
    return _take_references(lab, lab.c.refcount_race_unforced, UNFORCED_TIMES)


def _take_references(lab: Lab, take: Any, times: int) -> Finding:
    """Take references that nobody gives back: the array outlives the child."""
    array = np.ones(1)
    before = sys.getrefcount(array)
    threads = [Thread(take, lab.address(array), times, lab.pointer) for _ in range(2)]
    for thread in threads:
        thread.result()
    counted = sys.getrefcount(array) - before
    return lab.compare("references counted", counted, 2 * times)
