"""Two calls work in one static buffer, and one gets the other's numbers.

Mechanism:
    A ``static`` local in C is one variable for the whole process. As long as each call fills the
    buffer and reads it without releasing the GIL, no other call that needs the GIL can come in
    between, and one buffer is enough. (Without a GIL there is none to keep, and since 3.12 each
    interpreter in a process can have a GIL of its own: there one buffer never was enough.) Once
    the calls release the GIL they run side by side in the same buffer. The arrays are two
    different ones and nobody writes to them: a check of the arguments does not show the fault. A
    library's own state counts as such a buffer, too: a handle that all calls use, a Fortran
    variable with SAVE or in COMMON.

What you will see:
    A median sorts, so C copies the array first. One call copies 1,001 ones into its
    scratch buffer and parks. Another copies 1,001 fives into the same buffer. Both then
    sort it and take the middle: the median of the ones is 5. Where there is no GIL, the unsafe half
    has no block, as when one buffer was enough, and fails as well.

Why the safe half is safe:
    Its buffer is on the stack, so each call has its own. The source differs by one word. A
    buffer too large for the stack is allocated by the call, or passed by the caller. With
    ``_Thread_local`` each thread has its own; that helps as long as the code that uses
    it does not call itself again, through a callback for instance.

Forced:
    The first call parks after its copy until the second has made its own. In a real program
    it happens when a second call begins while the first still needs its buffer; with
    ``--unforced`` two threads take medians 300 times each and neither parks.
    ThreadSanitizer flags the unsafe half in both forms; AddressSanitizer cannot, because
    every access is to memory that is there.

In your own code:
    In C++ it is ``static`` or ``thread_local``: make it the latter, or a member of an object
    for each call. ``cdef`` variables at the top of a Cython module are such statics, and so are
    work arrays in a module of f2py. Numba has no variables that outlive a call, but an array
    that is passed to each call is one. pybind11, nanobind, SWIG, cffi and ctypes do not look
    into a function.

    Frequent where old Fortran or C libraries meet threads: saved variables of a solver
    (scipy#5848), and one that calls back, which needed a lock around all calls (scipy#7999).

Sources:
    - State that the GIL used to protect, and thread-local storage:
      https://docs.python.org/3/howto/free-threading-extensions.html#protecting-internal-extension-state
    - A GIL for each interpreter: https://peps.python.org/pep-0684/
    - cffi calls C with the GIL released, note 2:
      https://cffi.readthedocs.io/en/stable/ref.html#conversions
    - Fortran's SAVE variables: https://github.com/scipy/scipy/pull/5848
    - https://github.com/scipy/scipy/pull/7999
"""

from typing import Any

import numpy as np

from gil_demo.host.machine import gil_enabled
from gil_demo.lab.lab import Lab
from gil_demo.lab.thread import Thread
from gil_demo.results.patterns import Finding

CHAPTER = "writing"
QUESTION = "May C keep a static buffer to work in?"
UNSAFE = "wrong-value"

SIZE = 1001  # as csrc/patterns/shared_scratch.c has it
UNFORCED_TIMES = 300


def unsafe(lab: Lab) -> Finding:
    """Take two medians at once in one buffer."""
    median = lab.c.shared_scratch_unsafe if gil_enabled() else lab.c.shared_scratch_no_gil
    return _two_medians(lab, median)


def safe(lab: Lab) -> Finding:
    """Take two medians at once in a buffer each."""
    return _two_medians(lab, lab.c.shared_scratch_safe)


def unforced(lab: Lab) -> Finding:
    """Take many medians in one buffer from two threads, and park neither."""
    median = lab.c.shared_scratch_unforced
    arrays = [np.full(SIZE, 1.0), np.full(SIZE, 5.0)]
    memory = [lab.ffi.from_buffer("double[]", array) for array in arrays]
    threads = [Thread(median, data, UNFORCED_TIMES, lab.pointer) for data in memory]
    right = [thread.result() for thread in threads]
    return lab.compare("right medians", sum(right), 2 * UNFORCED_TIMES)


def _two_medians(lab: Lab, median: Any) -> Finding:
    ones, fives = np.full(SIZE, 1.0), np.full(SIZE, 5.0)
    first = Thread(median, lab.ffi.from_buffer("double[]", ones), 1, lab.pointer)
    lab.wait_for(1)
    median(lab.ffi.from_buffer("double[]", fives), 2, lab.pointer)
    return lab.compare(f"median of {SIZE:,} ones", first.result(), 1.0)
