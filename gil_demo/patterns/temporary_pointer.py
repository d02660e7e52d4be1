"""An address is taken from a temporary array that is gone before C reads there.

Mechanism:
    ``(a * 2).ctypes.data`` makes an array, takes its address as a Python int, and drops
    the array: nothing refers to it any more, so its data are freed at once, on the same
    line. An int keeps nothing alive. Neither does a pointer that was cast:
    ``ffi.cast("double *", ffi.from_buffer(a * 2))`` is a new pointer, and the object that
    held the array is dropped as soon as the cast is done. The same in C is to convert an
    argument with ``PyArray_FROM_OTF``, take the data pointer, and call ``Py_DECREF``
    before the block: an argument that needed no conversion hides the mistake.

What you will see:
    C is given an address and reads no element: SIGSEGV, because in this guarded process
    freed data are inaccessible. Without guarded pages the old numbers are often still
    there: the sum is right until somebody makes another array. NumPy hands the block of a
    small array straight to the next one of that size.

Why the safe half is safe:
    It is given what ``ffi.from_buffer`` returned. That object holds the array, and the
    arguments of a call are held until the call returns, so the temporary array lives
    as long as C needs it. If C keeps the pointer for later, keep that object under a name
    for as long. With ctypes, ``(a * 2).ctypes.data_as(...)`` returns a pointer that holds
    its array likewise.

Forced:
    Nothing: no second thread is needed, and the GIL does not come into it. The guarded
    pages make the first read fail. By chance the memory is still there, is another
    array's, or has been given back to the system. AddressSanitizer flags the unsafe half,
    with ``free`` in place of the array's end, and so does ThreadSanitizer.

Sources:
    - ctypes.data: https://numpy.org/doc/stable/reference/generated/numpy.ndarray.ctypes.html
    - https://cffi.readthedocs.io/en/stable/ref.html#ffi-buffer-ffi-from-buffer
    - A cast owns nothing: https://cffi.readthedocs.io/en/stable/ref.html#ffi-new
"""

import numpy as np

from gil_demo.lab.lab import Lab
from gil_demo.results.patterns import Finding

CHAPTER = "lifetime"
QUESTION = "May I pass the address of an array that has no name?"
UNSAFE = "crash"

SIZE = 8192


def unsafe(lab: Lab) -> Finding:
    """The address is a number; the array dies on the line that makes it."""
    half = np.full(SIZE, 0.5)
    address = (half * 2).ctypes.data
    lab.say("the array was freed and only its address was left")
    total = lab.c.temporary_pointer_unsafe(address, SIZE, lab.pointer)
    return lab.compare("sum of the array", total, SIZE)


def safe(lab: Lab) -> Finding:
    """The pointer is an object that holds the array, and the call holds the object."""
    half = np.full(SIZE, 0.5)
    total = lab.c.temporary_pointer_safe(
        lab.ffi.from_buffer("double[]", half * 2), SIZE, lab.pointer
    )
    return lab.compare("sum of the array", total, SIZE)
