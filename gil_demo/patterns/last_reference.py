"""C drops the last reference inside the block, so the destructor runs without the GIL.

Mechanism:
    ``Py_DECREF`` does more than subtract one. When the count reaches zero, it calls the
    object's destructor, at once and in this thread. The destructor of an array drops its
    dtype and its base, calls what weak references ask for, and gives the object's memory back
    to Python's allocator. If the object has a ``__del__``, Python code runs. All this needs
    the GIL.
    Whether the reference is the last one depends on the caller. ``PyArray_FROM_OTF`` returns
    the argument itself, with one more reference, if that is what C asked for. Otherwise it
    returns a copy that only C owns. So the same line is only a race on a count with one
    argument (see refcount-race), and ends the process with the next.

What you will see:
    C asks for an array of doubles and drops its reference before END. With a float64 array
    the sum is right, because the caller owns that array too. An int64 array is copied, and
    the copy dies inside the block. On 3.11 to 3.13 Python's debug allocator, which is switched
    on here, stops it: "Python memory allocator called without holding the GIL". From 3.14 on
    Python looks for the thread state before it calls any destructor: SIGSEGV.
    Without the debug allocator 3.12 and 3.13 also end with SIGSEGV, and 3.11 goes on. It
    stops only at the third argument, a masked array, whose destructor asks for the thread
    state.

Why the safe half is safe:
    ``Py_DECREF`` stands behind END, where the GIL is held again. A thread that C started takes
    the GIL for it with ``PyGILState_Ensure``. A thread that must not wait for the GIL can hand
    the object over with ``Py_AddPendingCall``. This needs no GIL: the main thread calls the
    function later. It returns -1 when its queue is full.

Forced:
    Nothing but an array that C has to copy; no second thread is needed. Neither sanitizer
    flags the unsafe half, preloaded into Python: the memory is freed once, and not used
    afterwards.

In your own code:
    ``gil-demo check`` reports a ``Py_DECREF`` inside a block, also where your own function or
    macro makes the call. On 3.11 to 3.13 ``python -X dev`` names the mistake for a plain array,
    if a test comes there with an argument that is copied.

    In C++ nobody writes the ``Py_DECREF``. The destructor of ``py::object``, ``py::array_t`` or
    ``nb::object`` does it. An argument that a function takes by value dies at the end of the
    function, and with ``call_guard<gil_scoped_release>()`` the GIL is still released then. Put
    the guard into a smaller scope inside the function. When they are compiled without
    ``NDEBUG``, pybind11 and nanobind check at each change of a count that the GIL is held:
    "dec_ref() is being called while the GIL is either not held or invalid" says the one,
    "attempted to change the reference count of a Python object" the other. Cython does not
    compile a ``del`` of an object inside ``with nogil:``. C that is called through cffi or
    ``ctypes.CDLL`` runs without the GIL from its first line, so it must not drop a reference
    anywhere.

    Frequent, and often first seen with 3.12, which stops where 3.11 went on. Arguments of a
    bound function died under the guard (pybind11#4748). The destructor of a result released the
    GIL before the objects in it were gone (duckdb-python#456). A thread without the GIL dropped
    a file system that was a Python object (duckdb#11980).

Sources:
    - https://docs.python.org/3/c-api/refcounting.html#c.Py_DECREF
    - Only with the GIL: https://docs.python.org/3/c-api/threads.html
    - https://docs.python.org/3/c-api/threads.html#c.Py_AddPendingCall
    - https://docs.python.org/3/using/cmdline.html#envvar-PYTHONMALLOC
    - The argument itself or a copy:
      https://numpy.org/doc/stable/reference/c-api/array.html#c.PyArray_FROM_OTF
    - pybind11's list of common mistakes:
      https://pybind11.readthedocs.io/en/stable/advanced/misc.html#commongilproblems
    - https://github.com/pybind/pybind11/issues/4748
    - https://github.com/duckdb/duckdb-python/issues/456
    - https://github.com/duckdb/duckdb/pull/11980
"""

import numpy as np

from gil_demo.lab.lab import Lab
from gil_demo.results.patterns import Finding
from gil_demo.words import NO_GIL

CHAPTER = "lifetime"
QUESTION = "May C drop a reference inside the block?"
HAZARD = {NO_GIL: "C drops the last reference inside the block, so the destructor runs detached."}
UNSAFE = {"3.11": "fatal-error", "3.14": "crash"}
ENVIRONMENT = {"PYTHONMALLOC": "debug"}

SIZE = 8192


def unsafe(lab: Lab) -> Finding:
    """Drop the reference to the converted array one line before END."""
    return _sum_each(lab, "last_reference_unsafe")


def safe(lab: Lab) -> Finding:
    """Drop the reference to the converted array after END."""
    return _sum_each(lab, "last_reference_safe")


def _sum_each(lab: Lab, name: str) -> Finding:
    add_up = lab.raising(name)
    floats, whole = np.ones(SIZE), np.ones(SIZE, np.int64)
    sums = [add_up(floats)]
    lab.say("C had added up an array that its caller owns too")
    sums.append(add_up(whole))
    lab.say("C had freed the copy of an int64 array without the GIL")
    sums.append(add_up(np.ma.masked_array(whole)))
    return lab.compare("sums of three arrays", tuple(sums), (SIZE, SIZE, SIZE))
