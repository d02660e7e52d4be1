"""A process forks while another of its threads holds a C mutex; the child can never take it.

Mechanism:
    ``fork`` copies all memory, but of the threads only the one that called it. A mutex that
    another thread held is locked in the child, and the thread that would unlock it does not
    exist there. Python takes the locks that the interpreter itself uses before ``os.fork``,
    and releases them, or makes them new, after it. It cannot know of a mutex in C. Even a
    ``threading.Lock`` that another thread held is not made new: seen on 3.11 to 3.15, although
    the first source says otherwise. As long as C keeps the GIL while it holds its mutex,
    the thread that calls ``os.fork`` cannot have the GIL meanwhile, and nothing happens.
    The hazard appears when C releases the GIL.

    The best known case has no mutex at all: a library keeps a pool of threads, and the child
    has the pool without the threads. It hands its work to threads that do not exist, and
    waits. OpenBLAS did so once, and repairs its pool in the child today. A
    ``ThreadPoolExecutor`` that ran a job before the fork takes another in the child and never
    runs it: tried on 3.11, 3.12 and 3.13.

What you will see:
    A thread of the parent holds the mutex while the main thread forks. It unlocks the
    mutex and ends; the parent's other threads could go on. The child calls the same C
    code and waits forever. From Python 3.12 on, ``os.fork`` gives a DeprecationWarning
    when it notices that the process has other threads.

Why the safe half is safe:
    ``pthread_atfork`` makes the forking thread itself take the mutex just before the fork,
    so no other thread can hold it then, and unlock it just after, in the parent and
    in the child. Use a plain mutex. Recursive and error-checking mutexes record their owner,
    and glibc does not let the child unlock them. A thread that holds the mutex must not wait
    for the GIL meanwhile, because the thread in ``os.fork`` has the GIL: see lock-order.
    This works with glibc, and POSIX does not promise it: of a process with threads the child
    may unlock no mutex, because ``pthread_mutex_unlock`` is not async-signal-safe.
    It repairs one mutex. Other libraries have their own, and by POSIX a child of a process
    with threads may call only async-signal-safe functions until it calls ``exec``. The general
    answer is not to fork a process that has threads: use ``multiprocessing`` with ``spawn`` or
    ``forkserver``. ``fork`` was its default on Linux up to Python 3.13; 3.14 changed that to
    ``forkserver``.

Forced:
    The thread keeps the mutex until the fork is over; in the safe half, until the fork
    has begun. In a real program it happens when a process forks while any thread holds the
    mutex. Neither sanitizer flags the unsafe half, preloaded into Python, and neither reports
    anything while the child waits.

In your own code:
    In the child, ``faulthandler.dump_traceback_later(10)`` prints where it waits.
    ``gil-demo check`` has no rule for it: who forks is in no C file. In tests, turn the
    DeprecationWarning of ``os.fork`` into an error.

    No binding helps: pybind11, nanobind, Cython, Numba, SWIG, cffi and ctypes leave the locks
    of a library alone. A ``static std::mutex`` and the pool of an OpenMP runtime are copied as
    they are. With GNU OpenMP a parallel loop of Numba ends the child of a process that has run
    one, and says why: tried with Numba 0.68.

    Frequent wherever ``multiprocessing`` forks: a worker that hangs in its first matrix
    product.

Sources:
    - Cautions about fork(): https://docs.python.org/3/c-api/threads.html#cautions-about-fork
    - https://docs.python.org/3/library/os.html#os.fork
    - https://docs.python.org/3/library/multiprocessing.html#contexts-and-start-methods
    - The warning: https://github.com/python/cpython/issues/100228
    - A pool without its threads: https://github.com/OpenMathLib/OpenBLAS/issues/294
    - https://pubs.opengroup.org/onlinepubs/9699919799/functions/fork.html
    - https://pubs.opengroup.org/onlinepubs/9699919799/functions/pthread_atfork.html
    - Numba: https://numba.readthedocs.io/en/stable/user/threading-layer.html
"""

import faulthandler
import mmap
import os
import signal
from typing import Any

import numpy as np

from gil_demo.lab.lab import Lab
from gil_demo.lab.thread import Thread
from gil_demo.native.process import die_with_parent
from gil_demo.results.patterns import Finding

CHAPTER = "locks and threads"
QUESTION = "May a process fork while C holds a lock?"
UNSAFE = "deadlock"


class _Cells:
    """A cell for the parent's thread and one for the child, in memory that both see."""

    def __init__(self, lab: Lab) -> None:
        """Set both cells to zero."""
        self.array = np.frombuffer(mmap.mmap(-1, mmap.PAGESIZE), dtype=np.float64, count=2)
        self.memory = lab.ffi.from_buffer("double[]", self.array, require_writable=True)

    def compare(self, lab: Lab) -> Finding:
        """Check that each of the two added 1."""
        return lab.compare("additions by parent and child", float(self.array.sum()), 2.0)


def unsafe(lab: Lab) -> Finding:
    """Fork while a thread holds the mutex, and wait for the child."""
    cells = _Cells(lab)
    holder = Thread(lab.c.fork_with_lock_unsafe_hold, cells.memory, lab.pointer)
    lab.wait_for(1)
    child = _fork(lab, lab.c.fork_with_lock_unsafe_add, cells.memory + 1)
    lab.reach(2)
    holder.result()
    lab.wait_for(3)
    lab.expect_deadlock("the parent's mutex is unlocked again; the child's copy stays locked")
    os.kill(child, signal.SIGUSR1)  # it tells where it stands
    os.waitpid(child, 0)
    return cells.compare(lab)


def safe(lab: Lab) -> Finding:
    """Fork at the same moment, after the forking thread has taken the mutex."""
    cells = _Cells(lab)
    if lab.c.fork_with_lock_safe_prepare(lab.pointer) != 0:
        raise MemoryError("pthread_atfork had no room for another handler")
    holder = Thread(lab.c.fork_with_lock_safe_hold, cells.memory, lab.pointer)
    lab.wait_for(1)
    child = _fork(lab, lab.c.fork_with_lock_safe_add, cells.memory + 1)
    holder.result()
    os.waitpid(child, 0)
    return cells.compare(lab)


def _fork(lab: Lab, add: Any, cell: Any) -> int:
    """Fork a child that adds to the cell, and return its process id."""
    child = os.fork()
    if child == 0:
        _be_the_child(lab, add, cell)
    return child


def _be_the_child(lab: Lab, add: Any, cell: Any) -> None:
    """Add to the cell and exit. Never returns."""
    try:
        die_with_parent()
        faulthandler.register(signal.SIGUSR1)
        add(cell, lab.pointer)
    finally:
        os._exit(0)
