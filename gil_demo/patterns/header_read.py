"""C reads the array's shape inside the block while Python gives the array another one.

Mechanism:
    A NumPy array object is a header: the shape, the strides, a pointer to the data.
    ``PyArray_DIM`` and ``PyArray_DATA`` read fields of it and do nothing else, so they
    run without the GIL just as well. What the GIL does is keep other threads from
    changing the header between two reads. ``a.resize(128, 64)`` on a 64 by 128 array
    writes a new shape into the same header; so does an assignment to ``a.shape``. NumPy
    2.5 deprecates both. Neither asks whether anybody else has a reference, for the
    size stays the same and the data stay where they are. If the number of dimensions
    changes, the shape itself may move to other memory, and a pointer from
    ``PyArray_DIMS`` then leads nowhere.

What you will see:
    C reads 64 rows. The array becomes 128 by 64. C reads 64 columns, and adds up 64
    times 64 elements: 4,096 of 8,192. The array never had that shape. Had C read the
    columns first, it would have believed in 128 times 128 elements, twice as many as
    there are.

Why the safe half is safe:
    It takes rows, columns and the pointer while it has the GIL, with nothing in between
    that could run Python code. So the three belong together, and what is done to the
    header later does not touch them. On a free-threaded build that does not hold: there
    the header may change between two reads at any time, and whoever writes it and whoever
    reads it need a lock. The data must stay too: the caller's reference sees to that for
    as long as nobody reallocates them, which is another pattern, ``resize-under-reader``.

Forced:
    C parks between the two reads until Python has changed the shape. By chance it takes
    a change within the nanoseconds between two reads. While nobody changes the array,
    reading its header in the block gives the right values, which is why such code
    passes its tests. ThreadSanitizer flags the unsafe half, preloaded into Python: C reads
    what ``resize`` writes, and no lock is between. AddressSanitizer cannot, because every
    access is to memory that is there.

Sources:
    - Struct fields: https://docs.python.org/3/howto/free-threading-extensions.html#general-api-guidelines
    - https://numpy.org/doc/stable/reference/generated/numpy.ndarray.resize.html
    - https://numpy.org/doc/stable/reference/c-api/array.html#c.PyArray_DIM
    - Both deprecated: https://numpy.org/doc/stable/release/2.5.0-notes.html#deprecations
"""

from typing import Any

import numpy as np

from gil_demo.lab.lab import Lab
from gil_demo.lab.thread import Thread
from gil_demo.results.patterns import Finding

CHAPTER = "the block"
QUESTION = "May C read the size or the data pointer inside the block?"
UNSAFE = "wrong-value"

ROWS = 64
COLUMNS = 128


def unsafe(lab: Lab) -> Finding:
    """C reads one half of the shape before the change and one after it."""
    return _sum_while_reshaped(lab, lab.c.header_read_unsafe)


def safe(lab: Lab) -> Finding:
    """C reads the whole header before it lets go of the GIL."""
    return _sum_while_reshaped(lab, lab.c.header_read_safe)


def _sum_while_reshaped(lab: Lab, summed: Any) -> Finding:
    table = np.ones((ROWS, COLUMNS))
    reader = Thread(lab, summed, lab.address(table), lab.pointer)
    lab.wait_for(1)
    table.resize((COLUMNS, ROWS))
    lab.say("the array got its new shape")
    lab.reach(2)
    return lab.compare("sum of the array", reader.result(), ROWS * COLUMNS)
