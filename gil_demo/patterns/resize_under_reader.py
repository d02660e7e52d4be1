"""The owner resizes the array while C reads it through an exported buffer.

Mechanism:
    ``ffi.from_buffer`` exports the array's buffer and keeps the array alive. But its data
    need not stay in place: ``resize`` to another size reallocates the data, and the array
    object stays alive. A ``bytearray`` or an ``array.array`` counts its exports and
    raises ``BufferError`` rather than resize under one. NumPy does not count exports. It
    checks the reference count of the array, and ``refcheck=False`` turns that check off.
    NumPy 2.5 deprecates resizing in place, in its type hints only: nothing warns at run time.

What you will see:
    C reads half of the array and parks. Python calls ``resize`` with ``refcheck=False``.
    C goes on and is killed by SIGSEGV at the next element: the data have moved, and in
    this guarded process the old ones are inaccessible. Without guarded pages C reads
    whatever lies there now. On 3.11, 3.12 and 3.13 the sum was right in 30 of 30 runs, by
    luck: the memory block grew where it was, or the old numbers were still there after it
    had moved. With an array of 40 MB it was SIGSEGV.

Why the safe half is safe:
    It copies the data while it has the GIL, when no other thread can call ``resize``, and
    reads its copy in the block. The price is the copy. On a free-threaded build another
    thread can: there the copy needs a lock, and the owner must take it too. Without a copy
    C depends on its callers: while C holds a reference or an exported buffer and the
    owner's variable another reference, a ``resize`` that must reallocate raises
    ``ValueError`` unless ``refcheck=False`` is given. If C has only a borrowed pointer, it
    does not raise. On 3.13 and older two references pass the check, so
    ``arrays.pop().resize(n)`` reallocates even under an exported buffer. On 3.14 and
    later NumPy 2.5 refuses where it cannot tell, even if there is only one variable.

Forced:
    C parks in the middle until Python has resized the array. In a real program it happens
    when somebody calls ``resize`` during one call. The same can happen to NumPy's own loops.
    AddressSanitizer flags the unsafe half, with ``realloc`` in place of ``resize``;
    ThreadSanitizer cannot, because the handshake orders the two threads.

In your own code:
    ``gil-demo guard`` shows the array, and the ``resize`` that moved its data.
    ``gil-demo check`` has no rule for it: the C is right as long as nobody resizes.

    No binding protects: ``py::array`` of pybind11, ``nb::ndarray`` of nanobind, a memoryview of
    Cython, the arguments of Numba and what ``ffi.from_buffer`` returned are exports, which
    NumPy does not count. Each is one reference more, so ``resize`` refuses unless
    ``refcheck=False``. A pointer of ctypes or SWIG is not even that. What C++ owns and NumPy
    shows can move as well: see no-owner.

    Mostly met as the refusal, and then ``refcheck=False`` is the tempting answer
    (python-samplerate#35). One project had data of its users overwritten that way, and went
    back (nibabel#724).

Sources:
    - https://numpy.org/doc/stable/reference/generated/numpy.ndarray.resize.html
    - NumPy warns of it: https://numpy.org/doc/stable/reference/thread_safety.html
    - https://cffi.readthedocs.io/en/stable/ref.html#ffi-buffer-ffi-from-buffer
    - What 3.14 changes in the count: https://github.com/numpy/numpy/issues/30265
    - Deprecated: https://numpy.org/doc/stable/release/2.5.0-notes.html#deprecations
    - BufferError: https://docs.python.org/3/library/exceptions.html#BufferError
    - https://github.com/tuxu/python-samplerate/issues/35
    - https://github.com/nipy/nibabel/pull/724
"""

from typing import Any

import numpy as np

from gil_demo.lab.lab import Lab
from gil_demo.lab.thread import Thread
from gil_demo.results.patterns import Finding

CHAPTER = "lifetime"
QUESTION = "Could the array move?"
UNSAFE = "crash"
SAFE_NEEDS_GIL = "another thread can resize the array while C copies it"

SIZE = 8192


def unsafe(lab: Lab) -> Finding:
    """Read the array's own memory, which its owner reallocates."""
    return _sum_while_resized(lab, lab.c.resize_under_reader_unsafe)


def safe(lab: Lab) -> Finding:
    """Read a copy that C made with the GIL held."""
    return _sum_while_resized(lab, lab.c.resize_under_reader_safe)


def _sum_while_resized(lab: Lab, summed: Any) -> Finding:
    array = np.ones(SIZE)
    memory = lab.ffi.from_buffer("double[]", array)
    reader = Thread(summed, memory, SIZE, lab.pointer)
    lab.wait_for(1)
    array.resize(2 * SIZE, refcheck=False)
    lab.say("the owner resized the array with refcheck=False")
    lab.reach(2)
    return lab.compare("sum of the array", reader.result(), SIZE)
