"""The output overlaps the input, and C reads elements that it has just overwritten.

Mechanism:
    ``a[:-1]`` and ``a[1:]`` are two arrays and one piece of memory. A loop that computes
    ``out[i]`` from ``in[i]`` is right as long as ``in[i]`` still is what the caller passed.
    When ``out`` is one element further on than ``in``, each store overwrites the next load.
    With ``restrict`` on the pointers it is worse: the compiler may then assume that they do
    not overlap, and the behaviour is undefined.

What you will see:
    C gets five zeros and adds one to each, with the output one element further on. Five ones
    are right, and C leaves 1, 2, 3, 4, 5. Each result became the next input. NumPy itself gets
    it right: ``np.add(a[:-1], 1, out=a[1:])`` goes through a temporary copy.

Why the safe half is safe:
    It compares where both arrays begin and end, and refuses an overlap before anything is
    written; for contiguous arrays that is exact. It is also strict: an output that begins
    before the input, ``a[:-1]`` from ``a[1:]``, would come out right in this loop. It accepts
    the very same array as input and output: element ``i`` is read before it is written and
    never again. After the refusal the caller passes a copy of the input. In Python use
    ``np.shares_memory(a, b)``, which is exact for strided views too and may take very long
    in rare cases, or ``np.may_share_memory``, which checks the bounds alone and may be
    wrong when it says yes. C that uses NumPy's iterator has ``NPY_ITER_COPY_IF_OVERLAP``.

Forced:
    Nothing: with one thread it is wrong every time. With two threads that do half of the
    elements each, there is also a race on the element at the border: one thread writes it and
    the other reads it. Disjoint outputs alone do not help, as long as one thread's output is
    the other's input. ThreadSanitizer flags the unsafe half when two threads run it so, and
    cannot with one; AddressSanitizer cannot either, because every access is inside the array.

In your own code:
    No tool of gil-demo sees it, ``gil-demo check`` included: which arrays meet is decided by
    the caller. In a test, pass ``a[:-1]`` and ``a[1:]``, and compare with the result for
    copies.

    No binding compares two arguments. pybind11, nanobind, Cython, Numba, SWIG, cffi and ctypes
    pass both pointers, so ask ``np.shares_memory`` in Python before the call.

    NumPy itself documented no result for this until 1.13. A filter with ``output`` the same as
    its input gave a wrong image (scipy#11986), and ``np.dot(a, b, out=a)`` gave zeros
    (numpy#8440).

Sources:
    - https://numpy.org/doc/stable/reference/generated/numpy.shares_memory.html
    - https://numpy.org/doc/stable/reference/generated/numpy.may_share_memory.html
    - https://numpy.org/doc/stable/release/1.13.0-notes.html#ufunc-behavior-for-overlapping-inputs
    - https://numpy.org/doc/stable/reference/c-api/iterator.html#c.NPY_ITER_COPY_IF_OVERLAP
    - https://github.com/scipy/scipy/pull/11986
    - https://github.com/numpy/numpy/issues/8440
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gil_demo.lab.lab import Lab
from gil_demo.results.patterns import Finding

CHAPTER = "writing"
QUESTION = "May the output be a view of the input?"
UNSAFE = "wrong-value"

SIZE = 5


def unsafe(lab: Lab) -> Finding:
    """Pass the input, one element further on, as the output."""
    cells = np.zeros(SIZE + 1)
    _add_one(lab, lab.c.overlapping_output_unsafe, cells[:-1], cells[1:])
    return _judge(lab, cells[1:])


def safe(lab: Lab) -> Finding:
    """Have C refuse the overlap, then pass a copy of the input."""
    cells = np.zeros(SIZE + 1)
    source, output = cells[:-1], cells[1:]
    if _add_one(lab, lab.c.overlapping_output_safe, source, output):
        return Finding("wrong-value", "C did not see the overlap")
    _add_one(lab, lab.c.overlapping_output_safe, source.copy(), output)
    return _judge(lab, output, "C refused the overlap, and got a copy of the input")


def _add_one(lab: Lab, add: Any, source: NDArray[Any], output: NDArray[Any]) -> bool:
    """Call C, and return whether it computed the result rather than refused."""
    read = lab.ffi.from_buffer("double[]", source)
    written = lab.ffi.from_buffer("double[]", output, require_writable=True)
    return bool(add(read, written, SIZE) == 0)


def _judge(lab: Lab, output: NDArray[Any], more: str = "") -> Finding:
    return lab.compare("zeros plus one", tuple(output.tolist()), (1.0,) * SIZE, more)
