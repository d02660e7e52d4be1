"""C writes its results into a converted copy of the array, and nobody copies them back.

Mechanism:
    ``PyArray_FROM_OTF`` returns the array itself if it already has the requested properties,
    and a converted copy if not. ``NPY_ARRAY_OUT_ARRAY`` asks for contiguous, aligned and
    writeable. An array of int64 or float32, a view with gaps such as ``a[::2]`` and a
    read-only array are copied without a warning; only an array that cannot be converted
    safely, of complex numbers for instance, causes a TypeError. C then writes into the copy,
    and ``Py_DECREF`` frees it. In NumPy's header ``NPY_ARRAY_INOUT_ARRAY`` is the same set of
    flags, although its name and its documentation say otherwise.

What you will see:
    C doubles every element of ``a[::2]``. The array comes back unchanged: the sum is
    8,192 and should be 16,384. There is no error, no warning, no crash, and with a contiguous
    array of float64 it works, so the tests pass.

Why the safe half is safe:
    ``NPY_ARRAY_INOUT_ARRAY2`` adds ``WRITEBACKIFCOPY``: the copy knows where it came from,
    and ``PyArray_ResolveWritebackIfCopy``, called when the GIL is held again, copies it
    back. If there was no copy it does nothing. If the program forgets that call, NumPy copies
    when the copy is freed, with a ``RuntimeWarning``. Until then the original is marked
    read-only, and an assignment to it raises ``ValueError``. An assignment through another
    view of the same data raises nothing, and its value is overwritten. A read-only array is
    refused at once, and so is a list: the results cannot be written back to either. An array
    of int64 is not refused, and gets C's doubles without their fractions: 1.75 comes back as
    1.

Forced:
    Nothing: it happens on every call that needs a copy, with one thread. Neither sanitizer
    flags the unsafe half, preloaded into Python, because every access is to memory that is
    there.

In your own code:
    In a test, pass an int64 array and a view with gaps, and look at them afterwards.

    A function that fills its argument, given an int64 array: with ``py::array_t<double>`` of
    pybind11 and ``nb::ndarray<double>`` of nanobind it fills a copy, and nothing is said (3.1
    of both); the same for a view with gaps where the type asks for contiguity.
    ``py::arg("a").noconvert()`` and ``nb::arg("a").noconvert()`` refuse both. Cython and
    ``ndpointer`` refuse another type. f2py copies for ``intent(in)`` and refuses for
    ``intent(inout)``; numpy.i of SWIG copies for IN_ARRAY and refuses for INPLACE_ARRAY. Numba
    compiles for each type, and follows the strides.

    Frequent: results that were written into an output with gaps were lost (finufft#58).

Sources:
    - https://numpy.org/doc/stable/reference/c-api/array.html#c.NPY_ARRAY_WRITEBACKIFCOPY
    - https://numpy.org/doc/stable/reference/c-api/array.html#c.PyArray_ResolveWritebackIfCopy
    - Documented with WRITEBACKIFCOPY, which the header leaves out:
      https://numpy.org/doc/stable/reference/c-api/array.html#c.NPY_ARRAY_INOUT_ARRAY
    - https://numpy.org/doc/stable/user/c-info.how-to-extend.html#converting-an-arbitrary-sequence-object
    - pybind11: https://pybind11.readthedocs.io/en/stable/advanced/functions.html#non-converting-arguments
    - nanobind: https://nanobind.readthedocs.io/en/latest/ndarray.html
    - f2py: https://numpy.org/doc/stable/f2py/signature-file.html#attributes
    - numpy.i: https://numpy.org/doc/stable/reference/swig.interface-file.html
    - https://github.com/flatironinstitute/finufft/issues/58
"""

from typing import Any

import numpy as np

from gil_demo.lab.lab import Lab
from gil_demo.results.patterns import Finding

CHAPTER = "writing"
QUESTION = "C wrote the results: why is my array unchanged?"
UNSAFE = "wrong-value"

SIZE = 8192


def unsafe(lab: Lab) -> Finding:
    """Write the results into a copy that is thrown away."""
    return _double_every_second(lab, lab.c.temporary_copy_unsafe)


def safe(lab: Lab) -> Finding:
    """Write the copy back into the array."""
    return _double_every_second(lab, lab.c.temporary_copy_safe)


def _double_every_second(lab: Lab, double: Any) -> Finding:
    array = np.ones(2 * SIZE)
    every_second = array[::2]
    double(lab.address(every_second))
    return lab.compare("sum of the doubled elements", float(every_second.sum()), 2 * SIZE)
