"""The call returns, a thread of C goes on with the array's address, and nobody keeps the array.

Mechanism:
    The caller owns the arguments of a call until the call returns. ``start(array)`` notes the
    address of the data, starts a thread or queues a job, and returns. Then the caller need not
    keep the array any more: its variable gets another value, or the argument was a temporary
    array. The array is collected, and C goes on reading: its results are garbage, or the
    process dies. A reference alone is not enough, either. The numbers must stay as they are,
    too. A caller who fills the same array with the numbers of the next job changes those of the
    running one.

What you will see:
    First the array is refilled: Python fills it with twos, for the next job, before C has
    read the ones. The first job returns the sum of the twos. Then Python drops the array of
    a running job. C ends with SIGSEGV when it reads there, because the data lie in guarded
    pages here.

Why the safe half is safe:
    ``start`` takes a reference, and ``finish`` drops it with the GIL held. So the array lives as
    long as the job. A reference does not help against the other form: here the caller puts the
    next numbers into another array. If C cannot rely on that, it copies in ``start``.
    To find a caller who refills the array, set ``array.flags.writeable = False`` until ``finish``.
    An assignment to the array then raises ``ValueError``. A view that was made before stays
    writable.

Forced:
    The job begins to read when the array has been refilled, or freed. In a real program it takes
    a job that lasts longer than the caller keeps the array. AddressSanitizer flags the unsafe
    half, preloaded into Python, as a use after free, and so does ThreadSanitizer.

In your own code:
    ``gil-demo guard`` shows which array C read after it had been freed, and the line that freed
    it. It cannot tell a refilled array from a proper one. ``gil-demo check`` does not see it.

    With cffi keep the object that ``ffi.from_buffer`` returned: it holds the array, and a
    pointer that was cast from it does not. With ctypes keep the array: ``array.ctypes.data`` is
    only a number. In pybind11 ``py::keep_alive<1, 2>()`` keeps the first argument as long as
    the object whose method was called, in nanobind ``nb::keep_alive<1, 2>()``. In Cython a
    memoryview that is an attribute of a ``cdef class`` holds its array, and a ``double *`` does
    not. Kernels of a GPU run on after the call as well: keep the array, and leave it as it is,
    until the stream has been synchronised.

    A plan for transforms noted the addresses of arrays that had no name (pyNFFT#15). An array
    library shares the memory of a NumPy array that it was given, so a later assignment to that
    array changes the numbers of its own (jax#37830).

Sources:
    - Who owns an argument: https://docs.python.org/3/extending/extending.html#ownership-rules
    - https://cffi.readthedocs.io/en/stable/ref.html#ffi-buffer-ffi-from-buffer
    - https://numpy.org/doc/stable/reference/generated/numpy.ndarray.ctypes.html
    - https://numpy.org/doc/stable/reference/generated/numpy.ndarray.flags.html
    - https://pybind11.readthedocs.io/en/stable/advanced/functions.html#keep-alive
    - https://nanobind.readthedocs.io/en/latest/api_core.html#function-binding-annotations
    - https://github.com/pyNFFT/pyNFFT/issues/15
    - https://github.com/jax-ml/jax/issues/37830
"""

import numpy as np

from gil_demo.lab.lab import Lab
from gil_demo.results.patterns import Finding

CHAPTER = "lifetime"
QUESTION = "May C keep the address of an array when the call returns?"
UNSAFE = "crash"

SIZE = 8192


def unsafe(lab: Lab) -> Finding:
    """Refill the array of a job that runs, and drop that of the next one."""
    start, finish = lab.c.kept_pointer_unsafe_start, lab.c.kept_pointer_unsafe_finish
    array = np.ones(SIZE)
    _started(start(lab.address(array), 1, lab.pointer))
    array[:] = 2.0  # for the next job
    lab.reach(1)
    first = float(finish())
    _started(start(lab.address(array), 2, lab.pointer))
    del array
    lab.say(f"the first job gave {first:,.0f} for {SIZE:,}, and the second job's array was freed")
    lab.reach(2)
    return lab.compare("sums of two jobs", (first, float(finish())), (SIZE, 2 * SIZE))


def safe(lab: Lab) -> Finding:
    """Use another array for the next job; C owns that of each job until it is finished."""
    start, finish = lab.c.kept_pointer_safe_start, lab.c.kept_pointer_safe_finish
    array = np.ones(SIZE)
    _started(start(lab.address(array), 1, lab.pointer))
    array = np.full(SIZE, 2.0)  # for the next job
    lab.reach(1)
    first = float(finish())
    _started(start(lab.address(array), 2, lab.pointer))
    del array
    lab.reach(2)
    return lab.compare("sums of two jobs", (first, float(finish())), (SIZE, 2 * SIZE))


def _started(error: int) -> None:
    if error:
        raise RuntimeError("C could not start a thread")
