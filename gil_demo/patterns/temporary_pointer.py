"""C is given the address of a temporary array that is freed before C reads it.

Mechanism:
    ``(a * 2).ctypes.data`` makes an array, takes its address as a Python int, and drops
    the array: nothing refers to it any more, so its data are freed at once, on the same
    line. An int keeps nothing alive. Neither does a pointer that was cast:
    ``ffi.cast("double *", ffi.from_buffer(a * 2))`` is a new pointer, and the object that
    held the array is dropped as soon as the cast is done. C code can make the same mistake:
    it converts an argument with ``PyArray_FROM_OTF``, takes the data pointer, and calls
    ``Py_DECREF`` before the block. An argument that needed no conversion hides the mistake.

What you will see:
    C is given an address and reads no element: SIGSEGV, because in this guarded process
    freed data are inaccessible. Without guarded pages the old numbers are often still
    there: the sum is right until somebody makes another array. NumPy gives the memory of a
    small array directly to the next one of that size.

Why the safe half is safe:
    It is given the object that ``ffi.from_buffer`` returned. That object holds the array, and
    the arguments of a call are held until the call returns, so the temporary array lives
    as long as C needs it. If C keeps the pointer for later, keep that object in a variable
    for as long. With ctypes, ``(a * 2).ctypes.data_as(...)`` also returns a pointer that holds
    its array.

Forced:
    Nothing: no second thread is needed, and the GIL plays no part in it. The guarded
    pages make the first read fail. In a real program the memory may still be there, may
    belong to another array, or may have been given back to the system. AddressSanitizer
    flags the unsafe half, with ``free`` in place of the array's end, and so does
    ThreadSanitizer.

In your own code:
    ``gil-demo guard`` shows the array, and that it was freed before the call.
    ``gil-demo check`` reads C, and the mistake is mostly in Python.

    ``a.ctypes.data`` is a number. ``a.ctypes.data_as(...)`` and the object that
    ``ffi.from_buffer`` returned hold the array; ``ctypes.cast`` of the number and ``ffi.cast``
    of that object do not. In C++, with pybind11 or nanobind, ``py::array_t<double>(x).data()``
    dangles at the semicolon, and so does a pointer out of any temporary object. A Cython
    pointer into ``np.ascontiguousarray(x)`` needs a variable for the array. Numba passes
    arrays, not addresses, and so does numpy.i of SWIG.

    Frequent: a large array crashed and a small one did not (numpy#9647), an argument that was
    not contiguous was copied, and the copy's address kept (CNTK#1971).

Sources:
    - ctypes.data: https://numpy.org/doc/stable/reference/generated/numpy.ndarray.ctypes.html
    - https://cffi.readthedocs.io/en/stable/ref.html#ffi-buffer-ffi-from-buffer
    - A cast owns nothing: https://cffi.readthedocs.io/en/stable/ref.html#ffi-new
    - https://github.com/numpy/numpy/issues/9647
    - https://github.com/microsoft/CNTK/pull/1971
"""

import numpy as np

from gil_demo.lab.lab import Lab
from gil_demo.results.patterns import Finding

CHAPTER = "lifetime"
QUESTION = "May I pass the address of an array that has no name?"
UNSAFE = "crash"

SIZE = 8192


def unsafe(lab: Lab) -> Finding:
    """Pass the address as a number; the array dies on the line that makes it."""
    half = np.full(SIZE, 0.5)
    address = (half * 2).ctypes.data
    lab.say("the array was freed and only its address was left")
    total = lab.c.temporary_pointer_unsafe(address, SIZE, lab.pointer)
    return lab.compare("sum of the array", total, SIZE)


def safe(lab: Lab) -> Finding:
    """Pass a pointer object that holds the array; the call holds the object."""
    half = np.full(SIZE, 0.5)
    total = lab.c.temporary_pointer_safe(
        lab.ffi.from_buffer("double[]", half * 2), SIZE, lab.pointer
    )
    return lab.compare("sum of the array", total, SIZE)
