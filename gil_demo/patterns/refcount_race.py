"""Two threads without the GIL take references to one array, and some are never counted.

Mechanism:
    In builds with a GIL ``Py_INCREF`` is a plain addition to a field of the object: load,
    add, store, nothing atomic. The GIL is what keeps two of them apart. If two threads in
    the block load the same count, both store the same sum, and one reference is not
    counted. Then there are more owners than the count says, and the array is freed while
    somebody still uses it. If it is a ``Py_DECREF`` that gets lost, the array is never
    freed. Since 3.12 some objects are immortal, ``None`` for one, and ``Py_INCREF`` leaves
    their counts alone; arrays are not among them. Free-threaded builds count otherwise.

What you will see:
    Two threads take 100 references each to one array. Every time both load before
    either stores: exactly 100 of 200 are counted. If all 200 were given back, the count
    would run out half-way, and the array would be freed under the rest. The child ends
    before that.

Why the safe half is safe:
    Each thread takes the GIL back for ``Py_INCREF``. Only one thread has it, so one
    addition is over before the next begins. Mostly there is a cheaper way: take the
    references before the block and give them back after it.

Forced:
    The unsafe half spells out what ``Py_INCREF`` does, and both threads meet between the
    load and the store. ``--unforced`` calls ``Py_INCREF`` a million times in each thread.
    Then it takes two cores that touch the count within the same few nanoseconds. On one
    core it takes a switch of threads between load and store, and only from 3.12 on: for
    3.11 ``gcc -O2`` on x86-64 makes a single instruction of it, while 3.12 and 3.13 look
    in between whether the object is immortal. ThreadSanitizer flags the unsafe half in that
    form, preloaded into Python; AddressSanitizer cannot, because every access is to memory
    that is there.

Sources:
    - https://docs.python.org/3/c-api/threads.html#thread-states-and-the-global-interpreter-lock
    - Taking the GIL back: https://docs.python.org/3/c-api/threads.html#c.Py_BLOCK_THREADS
    - https://docs.python.org/3/c-api/refcounting.html#c.Py_INCREF
    - Immortal objects: https://peps.python.org/pep-0683/
    - Counting without a GIL: https://peps.python.org/pep-0703/#reference-counting
"""

import sys
from typing import Any

import numpy as np

from gil_demo.lab.lab import Lab
from gil_demo.lab.thread import Thread
from gil_demo.results.patterns import Finding

CHAPTER = "the block"
QUESTION = "May C call Py_INCREF inside the block?"
UNSAFE = "wrong-value"

TIMES = 100
UNFORCED_TIMES = 1_000_000


def unsafe(lab: Lab) -> Finding:
    """Both load the count, then both store it."""
    return _take_references(lab, lab.c.refcount_race_unsafe, TIMES)


def safe(lab: Lab) -> Finding:
    """One after the other, with the GIL."""
    return _take_references(lab, lab.c.refcount_race_safe, TIMES)


def unforced(lab: Lab) -> Finding:
    """Py_INCREF itself, without the GIL, as fast as it goes."""
    return _take_references(lab, lab.c.refcount_race_unforced, UNFORCED_TIMES)


def _take_references(lab: Lab, take: Any, times: int) -> Finding:
    """Nobody gives these references back: the array outlives the child."""
    array = np.ones(1)
    before = sys.getrefcount(array)
    threads = [Thread(lab, take, lab.address(array), times, lab.pointer) for _ in range(2)]
    for thread in threads:
        thread.result()
    counted = sys.getrefcount(array) - before
    return lab.compare("references counted", counted, 2 * times)
