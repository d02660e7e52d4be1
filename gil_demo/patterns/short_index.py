"""C keeps the size of an array in an int, and the array is too long for it.

Mechanism:
    An ``int`` has 32 bits on all usual platforms, also those of 64 bits, and the largest number in
    it is 2,147,483,647. ``PyArray_SIZE`` returns an ``npy_intp``, which is as wide as a
    pointer. To store it in an ``int`` compiles without a warning under ``-Wall -Wextra``, and
    C keeps the lower 32 bits. A size from 2**31 on becomes negative, so the loop does not
    begin; one from 2**32 on becomes small again, so the loop covers the beginning of the
    array. Nothing is raised and nothing crashes: the answer is too small. Where only the index
    is an ``int`` and the size is right, the index overflows. That is undefined in C: the loop
    may read before the array, never end, or by luck be right.

What you will see:
    C adds up one element of 1,048,576 in an array of 2,147,483,658 ones: 2,049 elements. With
    an ``int`` the sum is 0. The array takes one byte of memory: ``np.broadcast_to`` makes an
    array whose stride is 0, so that all its elements are the same byte. That is a cheap way to
    test your own code with a long array.

Why the safe half is safe:
    Size and index are ``npy_intp``, as NumPy has them; ``Py_ssize_t`` and ``int64_t`` would do
    on a 64-bit platform. ``long`` would not everywhere: on Windows it has 32 bits. A library
    that takes an ``int``, as a BLAS with 32-bit integers does, needs a check before the call:
    raise, or work in parts. A product needs the same care: ``rows * columns`` of two ``int`` is
    an ``int``, wherever it is stored.

Forced:
    Nothing: it happens each time, in one thread, with the GIL or without it. Without stride 0
    it needs an array of two thousand million elements, 2 GB or more, which a test rarely has.
    Neither sanitizer flags the unsafe half, preloaded into Python: to put a number into a type
    that is too small for it is defined by the compiler, not undefined.

In your own code:
    Compile once with ``-Wconversion``, or with ``-Wshorten-64-to-32`` in clang, and read what
    is said of sizes. ``gil-demo guard`` can only see where a wrong index leaves the array,
    and ``gil-demo check`` has no rule for it, because the compilers warn.

    - cffi raises ``OverflowError`` for a number that does not fit; ctypes takes its lower bits,
      with ``argtypes`` as without.
    - Cython: ``cdef int n = a.shape[0]`` cuts it off, if ``a`` is a memoryview or a buffer.
    - SWIG: numpy.i has dimensions of type ``int`` unless you ask for another DIM_TYPE. f2py
      uses ``int`` for sizes too.
    - Numba's indices have the width of a pointer. In pybind11 and nanobind sizes are
      ``py::ssize_t`` and ``size_t``: what counts is the variable that you put them in.

    Frequent wherever data grow past 2**31 elements: a segfault in a binding of SWIG
    (swig#1476), sizes that were kept in an ``int`` (bottleneck#35), "negative dimensions" from
    NumPy itself (numpy#5783).

Sources:
    - https://numpy.org/doc/stable/reference/c-api/dtype.html#c.npy_intp
    - https://numpy.org/doc/stable/reference/generated/numpy.broadcast_to.html
    - GCC on conversions: https://gcc.gnu.org/onlinedocs/gcc/Integers-implementation.html
    - https://gcc.gnu.org/onlinedocs/gcc/Warning-Options.html#index-Wconversion
    - A size in an int: https://github.com/pydata/bottleneck/issues/35 and NumPy's own, once:
      https://github.com/numpy/numpy/issues/5783
    - SWIG: https://github.com/swig/swig/issues/1476 and
      https://github.com/numpy/numpy/issues/13918 and f2py:
      https://github.com/numpy/numpy/issues/18767
"""

import numpy as np

from gil_demo.lab.lab import Lab
from gil_demo.results.patterns import Finding

CHAPTER = "arguments"
QUESTION = "May C keep the size of an array in an int?"
UNSAFE = "wrong-value"

SIZE = 2**31 + 10
STEP = 2**20  # as csrc/patterns/short_index.c has it


def unsafe(lab: Lab) -> Finding:
    """Count with an int."""
    return _sum_some(lab, "short_index_unsafe")


def safe(lab: Lab) -> Finding:
    """Count with npy_intp."""
    return _sum_some(lab, "short_index_safe")


def _sum_some(lab: Lab, name: str) -> Finding:
    array = np.broadcast_to(np.int8(1), (SIZE,))
    total = lab.raising(name)(array)
    return lab.compare(f"sum of one element of {STEP:,}", total, -(-SIZE // STEP))
