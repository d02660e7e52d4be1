"""C computes with the elements of an object array, which are pointers.

Mechanism:
    An array of dtype object holds one ``PyObject *`` per element, and owns a reference to
    the object that it points to. The array can be contiguous, aligned, writable and in native
    byte order, and on a 64-bit machine its elements have 8 bytes, like a double. C that checks
    only these properties takes the pointers for numbers. The correct computation does not
    belong in a released block either: C can get the value of such an element only through
    Python's C API, and that needs the GIL.

What you will see:
    C adds 1.0 to each of eight elements. Nothing happens yet. Read as a double, a pointer is
    such a small number that adding 1.0 to it gives exactly 1.0, so each pointer now has the
    bits of 1.0, 0x3ff0000000000000. On x86-64 and ARM64 no program has memory at that address.
    The interpreter is killed by SIGSEGV when Python next uses an element: far from the C
    code that caused it, and with the GIL held.

Why the safe half is safe:
    It checks what the 8 bytes are, ``PyArray_TYPE(array) != NPY_DOUBLE``, before it releases
    the GIL, and raises TypeError. Code that accepts several dtypes, structured ones among
    them, checks ``PyDataType_REFCHK``, in Python ``dtype.hasobject``. The caller converts with
    ``astype(float)``, which makes each element a float with the GIL held, and passes that.
    ``PyArray_FROM_OTF`` with ``NPY_DOUBLE`` refuses an object array too, unless it is given
    ``NPY_ARRAY_FORCECAST``. NumPy's own loops over objects do not release the GIL; Python
    code that they call, an element's ``__add__`` for instance, may.

Forced:
    Nothing. One thread is enough, and the process dies every time. Neither sanitizer flags
    the unsafe half, preloaded into Python, because C writes into the array's own memory.

In your own code:
    ``gil-demo guard`` reports the access through the spoiled pointer, far from its cause.
    ``gil-demo check`` has no rule for it.

    An object array of two numbers, given to each (pybind11 3.1, nanobind 3.1, Cython 3.3, Numba
    0.68): ``py::array_t<double>`` converts it; ``nb::ndarray<double>``, ``double[:]`` of Cython
    and Numba refuse it; ``ffi.from_buffer("double[]", a)`` accepts it, and ``a.ctypes.data``
    asks for no type. ``np.ctypeslib.ndpointer(float)`` as a ctypes argument refuses it.

    Few reports, since most ways into C check the type. A column of a table with one missing
    value or one text is how people come by such an array.

Sources:
    - https://numpy.org/doc/stable/reference/generated/numpy.dtype.hasobject.html
    - https://numpy.org/doc/stable/reference/c-api/array.html#c.NPY_BEGIN_THREADS_DESCR
    - https://numpy.org/doc/stable/reference/c-api/types-and-structures.html#c.PyDataType_REFCHK
    - pybind11: https://pybind11.readthedocs.io/en/stable/advanced/pycpp/numpy.html#arrays
    - nanobind: https://nanobind.readthedocs.io/en/latest/ndarray.html
    - ctypes: https://numpy.org/doc/stable/reference/routines.ctypeslib.html#numpy.ctypeslib.ndpointer
"""

import numpy as np

from gil_demo.lab.lab import Lab
from gil_demo.results.patterns import Finding

CHAPTER = "arguments"
QUESTION = "May C compute with an array of Python objects?"
UNSAFE = "crash"

SIZE = 8


def unsafe(lab: Lab) -> Finding:
    """Check everything except the type of the elements, then use an element in Python."""
    add_one = lab.raising("object_array_unsafe")
    objects = np.arange(float(SIZE)).astype(object)
    add_one(objects)
    lab.say("C had added 1.0 to pointers and returned, and Python looked at an element")
    return lab.compare("sum of the objects", sum(objects), sum(range(1, SIZE + 1)))


def safe(lab: Lab) -> Finding:
    """Refuse objects, and compute with the doubles made of them."""
    add_one = lab.raising("object_array_safe")
    objects = np.arange(float(SIZE)).astype(object)
    try:
        add_one(objects)
    except TypeError as error:
        refusal = f"objects refused ({error})"
    else:
        return Finding("wrong-value", "objects were taken for doubles")
    numbers = objects.astype(np.float64)
    add_one(numbers)
    right = sum(range(1, SIZE + 1))
    return lab.compare("sum after astype(float64)", float(numbers.sum()), right, refusal)
