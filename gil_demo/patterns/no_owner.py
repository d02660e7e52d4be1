"""An array shows memory that belongs to C, and nothing keeps that memory.

Mechanism:
    ``PyArray_SimpleNewFromData`` makes an array around a pointer. The array does not own the
    memory, and as long as its base is not set it does not know who does: ``array.base`` is None
    and ``array.flags.owndata`` is False. When the C object that owns the memory is deleted, it
    frees the memory: the array dangles, and shows garbage or whatever comes there. A reference
    to the array does not help: it keeps the array alive, not the memory that the array shows.

What you will see:
    A C library has a series of 8,192 numbers, which a capsule stands for in Python. C makes
    an array of them. Another thread sums the array in a block. It does all that the page
    ``borrowed-reference`` asks for: it owns a reference to the array until END. It reads half
    of the numbers and parks. Python drops the series. C goes on and is killed by SIGSEGV at
    the next element. The library's memory is guarded here as an array's is; without that the
    old numbers often stay for a while, and the sum is right by luck.

Why the safe half is safe:
    ``PyArray_SetBaseObject`` gives the array a reference to the object that owns the memory.
    The series lives until the last array goes that shows it, views of that array included.
    Here the owner is a capsule, whose destructor frees the memory. Any object whose destructor
    frees the memory is as good. The base must be that owner: None, or a view that owns nothing
    itself, can be set as a base too, and keeps nothing.

    A base keeps the owner, not the memory in its place. If a call makes the library's buffer
    longer, with ``realloc`` or ``std::vector::push_back``, the numbers move away under the
    array, and such a call needs no Python, so it may come in the middle of a block. Then count
    the arrays that are out and refuse to grow, as a ``bytearray`` does with ``BufferError``,
    or give out a copy. What ends with the call, such as an array on C's stack, must be copied.

Forced:
    C parks in the middle until Python has dropped the series. No second thread is needed:
    where the owner has no name, ``Series().array()`` is enough. AddressSanitizer flags the
    unsafe half, preloaded into Python, as a use after free.

In your own code:
    Ask each array that comes from C: if ``a.base is None and not a.flags.owndata``, nobody owns
    it. ``gil-demo guard`` guards memory that NumPy allocated, so it does not see this;
    AddressSanitizer does, and ``gil-demo check`` has no rule for it. nanobind's documentation
    calls a forgotten owner one of the most frequent issues that its users report.

    - pybind11: ``py::array(shape, pointer)`` copies. With a base it does not, so the base must
      be the owner, a ``py::capsule`` for instance; ``py::none()`` is a base that keeps nothing.
    - nanobind: the parameter ``owner`` of ``nb::ndarray``.
    - Cython: a pointer that is cast to a memoryview owns nothing; ``view.array`` has
      ``callback_free_data``.
    - cffi: an array of ``ffi.buffer(c)`` keeps ``c``, which must own the memory: ``ffi.new`` or
      ``ffi.gc``. ctypes: ``as_array`` of a pointer keeps the pointer only.
    - SWIG: numpy.i has ARGOUTVIEW, which owns nothing, and ARGOUTVIEWM, which frees.
    - Numba: ``carray`` of a pointer owns nothing.

Sources:
    - https://numpy.org/doc/stable/reference/c-api/array.html#c.PyArray_SimpleNewFromData
    - https://numpy.org/doc/stable/reference/c-api/array.html#c.PyArray_SetBaseObject
    - Capsules with a destructor: https://docs.python.org/3/c-api/capsule.html#c.PyCapsule_New
    - BufferError: https://docs.python.org/3/library/exceptions.html#BufferError
    - nanobind on ownership: https://nanobind.readthedocs.io/en/latest/ndarray.html#data-ownership
    - numpy.i: https://numpy.org/doc/stable/reference/swig.interface-file.html#argout-view-arrays
    - The owner goes: https://github.com/neuronsimulator/nrn/issues/2551 and
      https://github.com/psi4/psi4/pull/751 and None as a base:
      https://github.com/thelfer/MFrontGenericInterfaceSupport/issues/290
    - Memory of the stack: https://github.com/GalSim-developers/GalSim/issues/396 and a buffer that
      is made anew: https://github.com/glotzerlab/freud/issues/151
    - How to do it in pybind11: https://github.com/pybind/pybind11/issues/2271
"""

from typing import Any

import numpy as np

from gil_demo.lab.lab import Lab
from gil_demo.lab.thread import Thread
from gil_demo.results.patterns import Finding

CHAPTER = "lifetime"
QUESTION = "How do I give memory of C to NumPy, and who owns it?"
UNSAFE = "crash"


def unsafe(lab: Lab) -> Finding:
    """Read an array whose numbers go with an object that it does not keep."""
    return _sum_while_dropped(lab, lab.raising("no_owner_unsafe_array"))


def safe(lab: Lab) -> Finding:
    """Read an array that keeps the object that its numbers belong to."""
    return _sum_while_dropped(lab, lab.raising("no_owner_safe_array"))


def _sum_while_dropped(lab: Lab, array_of: Any) -> Finding:
    series = lab.raising("no_owner_new_series")()
    array = array_of(series)
    array[:] = np.ones(array.size)
    reader = Thread(lab.c.no_owner_sum, lab.address(array), lab.pointer)
    lab.wait_for(1)
    del series
    lab.say("Python dropped the last name of the series")
    lab.reach(2)
    return lab.compare("sum of the array", reader.result(), array.size)
