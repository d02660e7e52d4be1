"""C computes with the elements of an object array, which are pointers.

Mechanism:
    An array of dtype object holds one ``PyObject *`` per element, and owns a reference to
    what it points to. It can be contiguous, aligned, writable and in native byte order, and
    on a 64-bit machine its elements have 8 bytes, like a double. C that checks only these takes
    the pointers for numbers. To do it right is no work for a released block either: the
    value of such an element is to be had through Python's C API, and that needs the GIL.

What you will see:
    C adds 1.0 to each of eight elements. Nothing happens yet. Read as a double, a pointer is
    a number so small that 1.0 and it add up to exactly 1.0, so each pointer now has the
    bits of 1.0, 0x3ff0000000000000. On x86-64 and ARM64 no program has memory there. The
    interpreter is killed by SIGSEGV when Python next looks at an element: far from the C
    that did it, and with the GIL held.

Why the safe half is safe:
    It asks what the 8 bytes are, ``PyArray_TYPE(array) != NPY_DOUBLE``, before it lets go
    of the GIL, and raises TypeError. Code that takes several dtypes, structured ones among
    them, asks ``PyDataType_REFCHK``, in Python ``dtype.hasobject``. The caller converts with
    ``astype(float)``, which makes each element a float with the GIL held, and passes that.
    ``PyArray_FROM_OTF`` with ``NPY_DOUBLE`` refuses an object array too, unless it is given
    ``NPY_ARRAY_FORCECAST``. NumPy's own loops over objects do not let go of the GIL; Python
    code that they call, an element's ``__add__`` for instance, may.

Forced:
    Nothing. It takes one thread, and dies every time. Neither sanitizer flags the unsafe
    half, preloaded into Python, because C writes into the array's own memory.

Sources:
    - https://numpy.org/doc/stable/reference/generated/numpy.dtype.hasobject.html
    - https://numpy.org/doc/stable/reference/c-api/array.html#c.NPY_BEGIN_THREADS_DESCR
    - https://numpy.org/doc/stable/reference/c-api/types-and-structures.html#c.PyDataType_REFCHK
"""

import numpy as np

from gil_demo.lab.lab import Lab
from gil_demo.results.patterns import Finding

CHAPTER = "arguments"
QUESTION = "May C compute with an array of Python objects?"
UNSAFE = "crash"

SIZE = 8


def unsafe(lab: Lab) -> Finding:
    """C checks everything but what the elements are, and Python looks at one afterwards."""
    add_one = lab.raising("object_array_unsafe")
    objects = np.arange(float(SIZE)).astype(object)
    add_one(objects)
    lab.say("C had added 1.0 to pointers and returned, and Python looked at an element")
    return lab.compare("sum of the objects", sum(objects), sum(range(1, SIZE + 1)))


def safe(lab: Lab) -> Finding:
    """C refuses objects, and computes with the doubles made of them."""
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
