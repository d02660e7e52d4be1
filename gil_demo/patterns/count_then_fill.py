"""C counts what it is going to write, allocates as much, and then finds more.

Mechanism:
    Many functions read their input twice: once to count, so that the result can be allocated,
    and once to fill it. ``nonzero``, a selection by a mask and a text that is cut into words
    all do. The second pass trusts the first. While C holds the GIL and calls no Python, nothing
    changes the array in between. If it releases the GIL anywhere from the first pass to the
    end of the second, another thread may write elements. Other races on elements give wrong
    numbers; this one decides how far C writes, so it breaks memory: with more places than were
    counted, C writes past the end of the result. Without a GIL the two passes are never one
    step, block or not.

What you will see:
    C looks for the elements that are not 0. It counts four of 8,192, allocates an array for
    four places, and parks. Python sets all elements to 1. C fills in four places and is killed
    by SIGSEGV at the fifth, because the result ends at a guarded page here. Without guarded
    pages it writes 8,188 more, over whatever lies behind, and the process dies later,
    somewhere else, or not at all.

Why the safe half is safe:
    The second pass stops when the result is full, and the result is cut to the places that
    were found. All writes are inside it, whatever others do. What the result says is another
    question: here it has four places of 8,192. An answer that fits one moment needs a copy,
    made while nobody writes: see ``torn-snapshot``. NumPy's own ``nonzero`` stops so too, and
    raises ``RuntimeError`` when the two passes disagree; for bool it does not look.

    A growing result, which is made larger whenever it is full, needs no first pass, so it
    trusts no count.

Forced:
    C parks between the passes until Python has written. In a real program it needs a write
    during one call. If fewer elements are not 0 after that write, no memory breaks: the end of
    the result is never written. AddressSanitizer
    flags the unsafe half, preloaded into Python, as a heap buffer overflow.

In your own code:
    Look for a size that is computed from elements, in C or in Python, and used after the GIL
    was released: a length, an offset, an index that was read from an array. ``gil-demo guard``
    stops the program at a write past an array of NumPy, if the race happens in that run. Cython
    checks indices unless ``boundscheck`` is off; Numba does not check unless it is on.
    pybind11, nanobind, SWIG, cffi and ctypes pass an address, and nobody checks there.
    ``gil-demo check`` has no rule for it: the C is right as long as nobody writes.

    Rarely reported, because it takes a write in the middle of one call. NumPy's own ``nonzero``
    crashed that way, with threads and with an element whose code changed the array (numpy#28361,
    numpy#13745).

Sources:
    - Arrays that others write to: https://numpy.org/doc/stable/reference/thread_safety.html
    - ``nonzero`` of NumPy: https://github.com/numpy/numpy/pull/28361 and the same without threads,
      by an element's own code: https://github.com/numpy/numpy/pull/13745
    - Cython: https://cython.readthedocs.io/en/latest/src/userguide/source_files_and_compilation.html#compiler-directives
    - Numba: https://numba.readthedocs.io/en/stable/reference/jit-compilation.html#numba.jit
"""

import numpy as np

from gil_demo.lab.lab import Lab
from gil_demo.lab.thread import Thread
from gil_demo.results.patterns import Finding

CHAPTER = "reading"
QUESTION = "May C read the array twice?"
UNSAFE = "crash"

SIZE = 8192
PLACES = (1, 10, 100, 1000)


def unsafe(lab: Lab) -> Finding:
    """Fill as many places as the second pass finds."""
    return _find_while_written(lab, "count_then_fill_unsafe")


def safe(lab: Lab) -> Finding:
    """Fill no more places than the first pass has counted."""
    return _find_while_written(lab, "count_then_fill_safe")


def _find_while_written(lab: Lab, name: str) -> Finding:
    array = np.zeros(SIZE)
    array[list(PLACES)] = 1.0
    finder = Thread(lab.raising(name), array)
    lab.wait_for(1)
    array[:] = 1.0
    lab.say("Python set all elements between the two passes")
    lab.reach(2)
    return lab.compare("places in the result", len(finder.result()), len(PLACES))
