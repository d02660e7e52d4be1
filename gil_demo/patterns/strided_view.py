"""C reads a view as if its elements lay next to each other.

Mechanism:
    An array is a data pointer, a shape and strides; a stride is the number of bytes from one
    element to the next. ``a[::2]`` and ``a[::-1]`` share the memory of ``a``. The first differs
    from it in shape and strides, the second in pointer and strides. ``NPY_ARRAY_ALIGNED``
    promises that each element lies at an address fit for its type. It does not promise where
    the next one lies, so ``PyArray_FROM_OTF`` returns such a view unchanged. A loop over
    ``data[i]`` then reads the memory after the first element, even if it belongs to another
    object.

What you will see:
    The sum of ``arange(10.0)[::2]`` is 0+2+4+6+8 = 20, and C finds 0+1+2+3+4 = 10.
    ``arange(10.0)[::-1]`` begins at the last element. C reads that one, goes on to higher
    addresses, leaves the array, and is killed by SIGSEGV at the guard page behind it.
    Without a guard page it adds up whatever lies there. ``broadcast_to(1.0, 10)`` has one
    element in memory and stride 0, and ends in the same way. The sum over a whole transposed
    matrix is right, by luck: it is the same memory in another order.

Why the safe half is safe:
    ``NPY_ARRAY_IN_ARRAY`` asks for aligned and C-contiguous. An array of doubles that is both
    already is returned without a copy. Any other view is copied before the
    block, and C reads the copy. (The call needs the GIL, but NumPy releases it while it
    copies many numbers: another thread can write to them meanwhile.) To read without a copy,
    follow the strides: copy sizes and strides into C variables before the block, and inside
    it move a ``char *`` by that many bytes. The buffer protocol refuses instead: asked for
    ``PyBUF_SIMPLE``, as ``ffi.from_buffer`` asks, NumPy raises "ndarray is not
    C-contiguous".

Forced:
    Nothing but the guard page behind the array, without which the read past its end would
    often go unnoticed. No second thread is needed, and the GIL, held or not, changes
    nothing. AddressSanitizer flags the unsafe half, preloaded into Python and with
    ``malloc`` in place of the guard page, as a read past the end.

In your own code:
    ``gil-demo guard`` stops at the first element outside the array, and shows the view's
    strides.

    The sum of ``arange(10.0)[::2]``, which is 20, in each (pybind11 3.1, nanobind 3.1, Cython
    3.3, Numba 0.68):

    - ``data()`` of ``py::array_t<double>`` or ``nb::ndarray<double>``: 10. With
      ``py::array::c_style | py::array::forcecast``, or with ``nb::c_contig``: a copy, and 20.
    - ``double[:]`` of Cython and Numba follow the strides: 20. A pointer ``&a[0]``: 10.
    - ``double[::1]`` of Cython and ``ffi.from_buffer`` refuse. ``a.ctypes.data`` does not look;
      ``ndpointer(float, flags="C_CONTIGUOUS")`` does.

    One of the most frequent faults. A binding read wrong values (numpyeigen#40), and translated
    code wrote beside the column it was given (pyccel#1288).

Sources:
    - https://numpy.org/doc/stable/reference/c-api/array.html#c.NPY_ARRAY_IN_ARRAY
    - https://numpy.org/doc/stable/reference/c-api/array.html#c.NPY_ARRAY_ALIGNED
    - NumPy's macro for releasing the GIL in long loops:
      https://numpy.org/doc/stable/reference/c-api/array.html#c.NPY_BEGIN_THREADS_THRESHOLDED
    - https://numpy.org/doc/stable/user/c-info.how-to-extend.html#converting-an-arbitrary-sequence-object
    - https://numpy.org/doc/stable/reference/arrays.ndarray.html#internal-memory-layout-of-an-ndarray
    - pybind11: https://pybind11.readthedocs.io/en/stable/advanced/pycpp/numpy.html#arrays
    - nanobind: https://nanobind.readthedocs.io/en/latest/ndarray.html
    - Cython: https://cython.readthedocs.io/en/latest/src/userguide/memoryviews.html
    - ctypes: https://numpy.org/doc/stable/reference/routines.ctypeslib.html#numpy.ctypeslib.ndpointer
    - https://github.com/fwilliams/numpyeigen/issues/40
    - https://github.com/pyccel/pyccel/issues/1288
"""

from typing import Any

import numpy as np

from gil_demo.lab.lab import Lab
from gil_demo.results.patterns import Finding

CHAPTER = "arguments"
QUESTION = "Is an aligned array also contiguous?"
UNSAFE = "crash"


def unsafe(lab: Lab) -> Finding:
    """Ask for an aligned array and read it as a contiguous one."""
    return _sum_two_views(lab, lab.c.strided_view_unsafe)


def safe(lab: Lab) -> Finding:
    """Ask for a contiguous array, and read a copy where the view is not contiguous."""
    return _sum_two_views(lab, lab.c.strided_view_safe)


def _sum_two_views(lab: Lab, summed: Any) -> Finding:
    array = np.arange(10.0)
    every_second = array[::2]
    backwards = array[::-1]
    first = summed(lab.address(every_second), lab.pointer)
    lab.say(f"C found {first:g} for the sum of a[::2], where 20 is right, and went on to a[::-1]")
    second = summed(lab.address(backwards), lab.pointer)
    what = "sums of a[::2] and of a[::-1], where a = arange(10.0)"
    return lab.compare(what, (first, second), (20.0, 45.0))
