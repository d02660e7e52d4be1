"""C takes the bytes of any array for doubles.

Mechanism:
    Memory has no type. ``PyObject_GetBuffer`` with ``PyBUF_SIMPLE`` asks for bytes, and the
    exporter must leave ``format`` NULL (ctypes fills it in all the same): C learns where the
    bytes are and how many there are, but not their type. ``ffi.from_buffer("double[]", x)``
    makes that request and rounds the length down to whole doubles; ``double`` is the caller's
    claim, and nothing compares it with ``x``. So int64, float32, big-endian doubles, unaligned
    doubles and arrays of objects are all accepted, without an exception.

What you will see:
    ``arange(8)`` as int64: small integers are the bit patterns of the smallest doubles, and
    the sum is 1.38e-322 rather than 28. The same numbers as big-endian doubles, read on a
    little-endian machine, give another tiny number. As float32, two numbers at a time are
    read as one double. Nothing crashes: in a long computation it would pass for a result.

Why the safe half is safe:
    It asks for the format, in a request for a contiguous buffer, and refuses all but "d",
    a native double. On a little-endian machine NumPy writes ">d" for big-endian doubles,
    and "=d" for native ones that are not aligned. ``memoryview.cast`` gives "d" at any
    address, so C checks the address too.
    The exception tells the caller why. The caller converts with ``astype(float)``, and gets
    the right sum. The check is a little strict: ctypes writes "<d" for the very same double.
    ``PyArray_FROM_OTF(x, NPY_DOUBLE, NPY_ARRAY_IN_ARRAY)`` needs NumPy's C API, and converts
    by itself every array that NumPy says can be converted safely. That includes int64,
    although a double does not hold every integer above 2**53.

Forced:
    Nothing. One thread is enough, and the sum is wrong every time. Neither sanitizer flags
    the unsafe half, preloaded into Python, because every access is to memory that is there.

In your own code:
    No tool of gil-demo finds it, ``gil-demo check`` included, because the access itself is
    right. In a test, pass int64, float32 and ``">f8"``.

    Given ``np.arange(8)``, whose sum is 28 (pybind11 3.1, nanobind 3.1, Cython 3.3, Numba
    0.68): ``py::array_t<double>`` and ``nb::ndarray<double>`` convert, Numba compiles for
    int64, Cython and ``np.ctypeslib.ndpointer(float)`` refuse.
    ``ffi.from_buffer("double[]", a)`` and ``a.ctypes.data`` take any array. Of ``">f8"``
    pybind11 makes a copy; nanobind, Cython, Numba and ``ndpointer`` refuse.

    Frequent through ctypes and in C by hand: integers that were taken for doubles, "without
    giving any indication" as one reporter put it (pyipopt#36); a C ``int`` for an int32 of
    NumPy (storm-analysis#65).

Sources:
    - https://docs.python.org/3/c-api/buffer.html#buffer-request-types
    - https://docs.python.org/3/c-api/buffer.html#c.PyBUF_FORMAT
    - https://cffi.readthedocs.io/en/stable/ref.html#ffi-buffer-ffi-from-buffer
    - https://numpy.org/doc/stable/reference/c-api/array.html#c.PyArray_FROM_OTF
    - pybind11: https://pybind11.readthedocs.io/en/stable/advanced/pycpp/numpy.html#arrays
    - nanobind: https://nanobind.readthedocs.io/en/latest/ndarray.html
    - Cython: https://cython.readthedocs.io/en/latest/src/userguide/memoryviews.html
    - ctypes: https://numpy.org/doc/stable/reference/routines.ctypeslib.html#numpy.ctypeslib.ndpointer
    - https://github.com/xuy/pyipopt/issues/36
    - https://github.com/ZhuangLab/storm-analysis/pull/65
"""

from dataclasses import replace

import numpy as np

from gil_demo.lab.lab import Lab
from gil_demo.results.patterns import Finding

CHAPTER = "arguments"
QUESTION = "Does C see which type the elements have?"
UNSAFE = "wrong-value"

DTYPES = {"int64": "=i8", "big-endian float64": ">f8", "float32": "=f4"}
ALL_RIGHT = (28.0,) * len(DTYPES)
"""0 + 1 + ... + 7, which all these types hold exactly."""


def unsafe(lab: Lab) -> Finding:
    """Sum the bytes of three arrays as if they were doubles."""
    summed = lab.raising("wrong_dtype_unsafe")
    found = {name: summed(np.arange(8).astype(dtype)) for name, dtype in DTYPES.items()}
    return lab.compare(f"sums of 0 to 7 as {', '.join(found)}", tuple(found.values()), ALL_RIGHT)


def safe(lab: Lab) -> Finding:
    """Refuse the three arrays, and sum them after conversion."""
    summed = lab.raising("wrong_dtype_safe")
    refusals = []
    found = []
    for name, dtype in DTYPES.items():
        array = np.arange(8).astype(dtype)
        try:
            summed(array)
        except TypeError as refusal:
            refusals.append(f"{name} refused ({refusal})")
        found.append(summed(array.astype(np.float64)))
    sums = lab.compare("sums after astype(float64)", tuple(found), ALL_RIGHT, "; ".join(refusals))
    return sums if len(refusals) == len(DTYPES) else replace(sums, outcome="wrong-value")
