"""The interpreter shuts down while a daemon thread is in C, and END never returns.

Mechanism:
    Python does not wait for daemon threads. When the main program has ended, Python joins the
    other threads, runs the ``atexit`` functions, and marks itself as finalizing. From
    then on only the thread that shuts down may take the GIL. A daemon thread inside the
    block goes on computing until the process has ended, or until END asks for the GIL: up to
    3.13 that ends the thread at once, from 3.14 on it blocks forever. In both cases no
    line after END is run: nothing there is stored, freed or unlocked, and no error is
    reported. Where the thread is ended, its cleanup handlers and, with glibc, C++ destructors
    still run, without the GIL.

What you will see:
    A daemon thread in a fresh interpreter adds up an array that lies in shared memory,
    and stores the sum after END. The interpreter shuts down meanwhile. C has computed the
    whole sum, yet never stores it, and the program ends with status 0.

Why the safe half is safe:
    C counts the threads that are inside it. A second C function, registered with ``atexit``,
    asks the kernels to finish and waits until no thread is inside. At that moment END still
    returns, provided that the waiting function has released the GIL. The
    program must make sure that no call begins afterwards. If it starts the threads itself,
    it can simply join them, or not make them daemon threads. For C, Python 3.15 adds
    interpreter guards.

Forced:
    The kernel parks half-way until the interpreter is finalizing. The finalizer of a global
    object, which runs late in the shutdown, lets the kernel go on. In a real program it
    happens when the program ends while a daemon thread is in C. Neither sanitizer flags the
    unsafe half, preloaded into Python, because a line that is never run makes no access.

In your own code:
    Look for ``daemon=True`` and for threads that a library starts; ``gil-demo check`` does not
    know which threads call a function.

    An object of C++ that outlives its GIL makes it worse. Up to 3.13 Python ends the thread
    inside the destructor of ``gil_scoped_release``, from which nothing may be thrown: the
    program, whose work was done, ends with SIGABRT, "terminate called without an active
    exception". Seen with pybind11 3.1 on 3.11, 3.12 and 3.13. ``gil_scoped_acquire``, Cython's
    ``with gil:`` and callbacks of ctypes and cffi in a thread that still runs then have the
    same end as ``PyGILState_Ensure``.

    Frequent, and rare in each single run: a worker of a D-Bus library asked for the GIL after
    the shutdown (cpython#124619). pybind11's guard was reported in 2020 (pybind11#2215).

Sources:
    - https://docs.python.org/3/c-api/interp-lifecycle.html#cautions-regarding-runtime-finalization
    - 3.14: https://docs.python.org/3/c-api/threads.html#c.PyEval_RestoreThread
    - Why ending the thread was worse: https://github.com/python/cpython/issues/87135
    - Daemon threads: https://docs.python.org/3/library/threading.html#thread-objects
    - Interpreter guards: https://peps.python.org/pep-0788/
    - https://github.com/python/cpython/issues/124619
    - https://github.com/pybind/pybind11/issues/2215
"""

import mmap

import numpy as np

from gil_demo.files import nameless_file
from gil_demo.lab.lab import Lab
from gil_demo.lab.program import run_to_its_end
from gil_demo.results.patterns import Finding

CHAPTER = "locks and threads"
QUESTION = "What if Python exits while a thread is in C?"
UNSAFE = "wrong-value"

SIZE = 8192

PROGRAM = """
import atexit, mmap, sys, threading, time
from gil_demo._patterns import ffi, lib
from gil_demo.native.process import die_with_parent

half, file, size = sys.argv[1], *map(int, sys.argv[2:])
die_with_parent()
memory = ffi.from_buffer(mmap.mmap(file, 0))
lab = ffi.cast("lab *", memory)
result = ffi.cast("double *", lab + 1)

class Late:
    kept = memory  # which the shutdown could unmap first: lab and result are only addresses

    def __del__(self, step=lib.lab_step, lab=lab, reach=lib.lab_reach, sleep=time.sleep):
        reach(lab, 2)
        while step(lab) < 3:
            sleep(0.0002)
        sleep(0.005)

kernel = getattr(lib, f"daemon_at_exit_{half}")
threading.Thread(target=kernel, args=(result + 1, size, result, lab), daemon=True).start()
while lib.lab_step(lab) < 1:
    time.sleep(0.0002)
if half == "safe":
    atexit.register(lib.daemon_at_exit_safe_wait, lab)
late = Late()
"""
"""For a fresh interpreter. It drops `late` when it has begun to shut down."""


def unsafe(lab: Lab) -> Finding:
    """Shut the interpreter down while a daemon thread is in C."""
    return _sum_in_shared_memory(lab, "unsafe")


def safe(lab: Lab) -> Finding:
    """Wait until no thread is in C, then shut the interpreter down."""
    return _sum_in_shared_memory(lab, "safe")


def _sum_in_shared_memory(lab: Lab, half: str) -> Finding:
    with nameless_file() as file:
        start = lab.ffi.sizeof("lab")
        file.truncate(start + 8 * (1 + SIZE))
        numbers = np.frombuffer(mmap.mmap(file.fileno(), 0), offset=start)
        numbers[1:] = 1.0
        program = run_to_its_end(
            PROGRAM, half, *map(str, (file.fileno(), SIZE)), pass_fds=[file.fileno()]
        )
    more = f"the program {program.how}"
    return lab.compare("the sum in shared memory", float(numbers[0]), SIZE, more)
