"""A plain variable tells a kernel to stop, but the kernel never reads the variable again.

Mechanism:
    C lets the compiler assume that no other thread writes to a plain variable while
    this one reads it: if another thread does, that is a data race, and its behaviour is
    undefined. Nothing in the loop writes to the flag, so gcc and clang read it once, before
    the loop, from ``-O1`` on (tried with gcc 12 and clang 14). The whole of this module
    is compiled with ``-O2``. The GIL has no part in it: it is not held here, and it would not
    make the loop read the flag again.

What you will see:
    The kernel passes over the array again and again. Another thread sets the flag,
    and sees the kernel count 1,000 further passes. In the machine code of the loop
    there is no load of the flag. With ``-O0`` the same source stops: that it works
    there proves nothing. A loop that stops after you add a ``printf`` proves nothing either.
    The compiler must assume that ``printf`` could call back into this file and set the flag,
    so it reads the flag again. Some functions are declared not to call back, for instance
    ``clock_gettime`` in glibc's headers; after a call of such a function gcc 12 at ``-O2``
    does not read the flag again. It does after an atomic store, even a relaxed one to
    another variable, which is why the loop counts its passes in a ``volatile`` instead;
    clang 14 does not read it again even then.

Why the safe half is safe:
    The flag is atomic: each pass loads it, and an atomic store is soon seen by atomic
    loads. Acquire and release also order the writes made before the flag was set; to stop
    and do no more, relaxed would be enough. ``volatile`` would make the compiler load each
    time as well, but it is not meant for threads: the race stays, and so does the
    undefined behaviour.

Forced:
    Nothing but the optimiser. The flag is set once the kernel has counted its first
    pass, after its one load. Otherwise the flag could be set before the loop begins, and
    then the kernel would stop, by luck. ThreadSanitizer flags the unsafe half;
    AddressSanitizer cannot, because every access is to memory that is there.

In your own code:
    In C++ it is ``std::atomic<bool>``. A ``cdef bint`` at the top of a Cython module is a plain
    variable; ``libcpp.atomic`` has the atomic one. Numba takes global variables for constants
    when it compiles: pass the flag in an array, and call for a slice at a time. An array that
    Python sets and C reads through pybind11, nanobind, cffi, ctypes or SWIG is a plain
    variable, too, unless C reads it as an atomic one.

    Frequent in C++, and mostly found by reading or by ThreadSanitizer, before it hangs: two
    flags of a profiler, set by ``stop()`` and read by its worker (dd-trace-py#16956).

Sources:
    - Data races and undefined behaviour: https://en.cppreference.com/w/c/language/memory_model
    - Acquire, release, relaxed: https://en.cppreference.com/w/c/atomic/memory_order
    - What volatile is for: https://en.cppreference.com/w/c/language/volatile
    - gcc's options: https://gcc.gnu.org/onlinedocs/gcc/Optimize-Options.html
    - Not to call back (leaf):
      https://gcc.gnu.org/onlinedocs/gcc-12.2.0/gcc/Common-Function-Attributes.html
    - https://github.com/DataDog/dd-trace-py/pull/16956
"""

import time
from threading import Event
from typing import Any

import numpy as np

from gil_demo.lab.lab import POLL_SECONDS, Lab
from gil_demo.lab.thread import Thread
from gil_demo.results.patterns import Finding

CHAPTER = "locks and threads"
QUESTION = "May a plain variable tell a kernel to stop?"
UNSAFE = "stall"

SIZE = 8192
MAX_PASSES = 1 << 40
MORE_PASSES = 1000


class _Kernel:
    """The kernel in a thread of its own, with the array it works on."""

    def __init__(self, lab: Lab, kernel: Any, passes: Any) -> None:
        """Start the kernel, which counts its passes there."""
        self.data = np.zeros(SIZE)
        self.ended = Event()
        data = lab.ffi.from_buffer("double[]", self.data, require_writable=True)
        self._thread = Thread(self._run, kernel, data, passes)

    def _run(self, kernel: Any, data: Any, passes: Any) -> int:
        returned = int(kernel(data, SIZE, MAX_PASSES, passes))
        self.ended.set()
        return returned

    def compare(self, lab: Lab) -> Finding:
        """Wait for its end, and check that each of its passes added 1 to each element."""
        passes = self._thread.result()
        more = f"the kernel stopped after {passes:,} passes"
        return lab.compare("sum of the array", float(self.data.sum()), passes * SIZE, more)


def unsafe(lab: Lab) -> Finding:
    """Set a plain flag, and watch the kernel."""
    passes = np.zeros(1, dtype=np.int64)
    counter = lab.ffi.from_buffer("int64_t[]", passes, require_writable=True)
    kernel = _Kernel(lab, lab.c.stale_flag_unsafe, counter)
    while passes[0] == 0:
        time.sleep(POLL_SECONDS)
    lab.c.stale_flag_unsafe_stop()
    seen = int(passes[0])
    while not kernel.ended.wait(POLL_SECONDS):
        more = int(passes[0]) - seen
        if more >= MORE_PASSES:
            return Finding(
                "stall",
                f"after the flag was set the kernel made {more:,} more passes over the array"
                " and ran on",
            )
    return kernel.compare(lab)


def safe(lab: Lab) -> Finding:
    """Set an atomic flag, and wait until the kernel ends."""
    kernel = _Kernel(lab, lab.c.stale_flag_safe, lab.pointer)
    lab.wait_for(1)  # the kernel has made a pass: now there is something to stop
    lab.c.stale_flag_safe_stop()
    return kernel.compare(lab)
