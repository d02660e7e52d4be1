"""C reads the array's shape inside the block while Python changes the shape.

Mechanism:
    A NumPy array object is a header: the shape, the strides, a pointer to the data.
    ``PyArray_DIM`` and ``PyArray_DATA`` only read fields of that header, so they also run
    without the GIL. But the GIL is what keeps other threads from changing the header
    between two reads. ``a.resize(128, 64)`` on a 64 by 128 array
    writes a new shape into the same header; so does an assignment to ``a.shape``. NumPy
    2.5 deprecates the assignment, and warns of it. Neither checks whether anybody else
    has a reference, because the size stays the same and the data stay where they are. If the
    number of dimensions changes, the shape itself may move to other memory, and a pointer from
    ``PyArray_DIMS`` is then no longer valid.

What you will see:
    C reads 64 rows. The array becomes 128 by 64. C reads 64 columns, and adds up 64
    times 64 elements: 4,096 of 8,192. The array never had that shape. If C had read the
    columns first, it would have found 128 times 128 elements, twice as many as
    there are. Where there is no GIL, the unsafe half has no block: the header changes while C is
    attached.

Why the safe half is safe:
    It reads rows, columns and the pointer while it has the GIL, with nothing in between that
    could run Python code. So the three belong together, and later changes of the header do not
    affect them. Without a GIL that does not hold: there the header may change between two reads
    at any time, and the thread that writes it and the thread that reads it need a lock. The data
    must stay too: the caller's reference ensures that as long as nobody reallocates them, which
    is another pattern, ``resize-under-reader``.

Forced:
    C parks between the two reads until Python has changed the shape. In a real program it
    happens when the change comes within the nanoseconds between two reads. While nobody
    changes the array, reading its header in the block gives the right values, which is why
    such code passes its tests. Neither sanitizer flags the unsafe half, preloaded into Python:
    the handshake that forces the change also orders it with the reads, so ThreadSanitizer sees
    no race, and every access is to memory that is there.

In your own code:
    ``gil-demo guard`` sees it only if C leaves the array's data because of it.

    In pybind11 ``a.size()``, ``a.shape(0)`` and ``a.data()`` read the header each time;
    ``a.unchecked<1>()``, made before the block, is a copy of it. So are a typed memoryview of
    Cython, an ``nb::ndarray`` and what Numba passes to compiled code. Through cffi and ctypes C
    is given the address and a number: read both before the call.

    Rarely reported, because somebody must change a shape in the middle of one call.

Sources:
    - Struct fields: https://docs.python.org/3/howto/free-threading-extensions.html#general-api-guidelines
    - https://numpy.org/doc/stable/reference/generated/numpy.ndarray.resize.html
    - https://numpy.org/doc/stable/reference/c-api/array.html#c.PyArray_DIM
    - Both deprecated: https://numpy.org/doc/stable/release/2.5.0-notes.html#deprecations
    - pybind11: https://pybind11.readthedocs.io/en/stable/advanced/pycpp/numpy.html#direct-access
"""

from typing import Any

import numpy as np

from gil_demo.host.machine import gil_enabled
from gil_demo.lab.lab import Lab
from gil_demo.lab.thread import Thread
from gil_demo.results.patterns import Finding
from gil_demo.words import NO_GIL

CHAPTER = "the block"
QUESTION = "May C read the size or the data pointer inside the block?"
HAZARD = {NO_GIL: "C reads the array's shape while Python changes the shape."}
UNSAFE = "wrong-value"
SAFE_NEEDS_GIL = "NumPy has no lock for the header of an array"

ROWS = 64
COLUMNS = 128


def unsafe(lab: Lab) -> Finding:
    """Read one half of the shape before the change and the other half after it."""
    summed = lab.c.header_read_unsafe if gil_enabled() else lab.c.header_read_no_gil
    return _sum_while_reshaped(lab, summed)


def safe(lab: Lab) -> Finding:
    """Read the whole header before releasing the GIL."""
    return _sum_while_reshaped(lab, lab.c.header_read_safe)


def _sum_while_reshaped(lab: Lab, summed: Any) -> Finding:
    table = np.ones((ROWS, COLUMNS))
    reader = Thread(summed, lab.address(table), lab.pointer)
    lab.wait_for(1)
    table.resize((COLUMNS, ROWS))
    lab.say("the array got its new shape")
    lab.reach(2)
    return lab.compare("sum of the array", reader.result(), ROWS * COLUMNS)
