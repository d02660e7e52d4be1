"""One thread closes a handle while C still works on it in another thread.

Mechanism:
    An object that wraps something of C often has a method that frees it early: ``close()``,
    ``__exit__``, ``terminate()``. Each other method first asks whether the object is closed, takes
    a pointer out of it, and releases the GIL. From then on another thread can call ``close()``.
    It finds the object open, frees the memory or unmaps the file, and returns. The object
    itself is alive, because the running call owns a reference to it. But that reference does
    not protect the memory behind it. While the GIL is held, the answer to "is it closed?"
    stays true; when C releases the GIL, it may change.

What you will see:
    C reads half of a table and waits. Another thread calls ``close()``, which drops the table's
    array. C goes on and ends with SIGSEGV at the next element, because the array's data lie in
    guarded pages here.

Why the safe half is safe:
    The handle counts the calls that use it: one more before BEGIN, one less after END. While
    the count is not zero, ``close()`` refuses: its Python method raises ``BufferError``, as
    ``bytearray.clear`` does while somebody uses the bytes. After the call ``close()`` works.
    Two other answers are as good. ``close()`` only marks the handle, and the call that leaves
    last frees the memory. Or ``close()`` waits, inside a block, until the count is zero. But do
    not hold a mutex during the whole call: ``close()`` would then wait for it with the GIL held.

Forced:
    C waits in the middle until the handle is closed. In a real program a second thread must call
    ``close()`` while a call lasts: a pool that shuts down, or a ``with`` block that ends while a
    worker still reads. AddressSanitizer flags the unsafe half, preloaded into Python, as a use
    after free, and so does ThreadSanitizer.

In your own code:
    ``gil-demo guard`` shows which array's data were freed, where, and which line of C read them
    afterwards. ``gil-demo check`` cannot see it, because it does not know what ``close`` frees.

    pybind11, nanobind, Cython, Numba, SWIG, cffi and ctypes can all release the GIL around a
    call, and none of them knows which memory a handle owns: the count is yours. cffi's
    ``ffi.release(p)`` calls the destructor of an ``ffi.gc`` pointer at once, even if C uses
    ``p``. With ``Py_buffer`` and ``memoryview`` the owner of the memory does the counting, so
    ``mmap.close()`` raises ``BufferError`` under ``np.frombuffer``. ``np.ndarray(buffer=...)``
    does not keep its export: after ``SharedMemory.close()`` or ``mmap.close()`` it reads
    unmapped memory, without any C of yours.

    It often comes with the first release of the GIL in a library. Readers crashed when a
    database was closed, so ``close`` was made to hold the GIL (py-lmdb#180, py-lmdb#418). A
    change that released the GIL in lookups was withdrawn, because only the GIL had kept
    ``close`` away (MaxMind-DB-Reader-python#362). No second thread is needed when C calls back:
    an object that was being written to ``BytesIO`` closed it (cpython#143378).

Sources:
    - https://docs.python.org/3/library/exceptions.html#BufferError
    - State that only the GIL has protected:
      https://docs.python.org/3/howto/free-threading-extensions.html#protecting-internal-extension-state
    - Exports are counted: https://docs.python.org/3/c-api/buffer.html
    - https://cffi.readthedocs.io/en/stable/ref.html#ffi-release-and-the-context-manager
    - https://github.com/jnwatson/py-lmdb/issues/180
    - https://github.com/jnwatson/py-lmdb/issues/418
    - https://github.com/maxmind/MaxMind-DB-Reader-python/pull/362
    - https://github.com/python/cpython/issues/143378
"""

from typing import Any

import numpy as np

from gil_demo.lab.lab import Lab
from gil_demo.lab.thread import Thread
from gil_demo.results.patterns import Finding

CHAPTER = "lifetime"
QUESTION = "May one thread close what C works on in another?"
UNSAFE = "crash"

SIZE = 8192


class _Table:
    """A handle as an extension offers it: an array that only C has, until it is closed."""

    def __init__(self, lab: Lab, add_up: Any, close: Any) -> None:
        """Give C an array of ones."""
        array = np.ones(SIZE)
        lab.c.closed_under_call_open(lab.address(array))
        self._lab, self._sum, self._close = lab, add_up, close

    def sum(self) -> float:
        """Return the sum of the array. Raises ValueError if the table is closed."""
        total = float(self._sum(self._lab.pointer))
        if total < 0:
            raise ValueError("the table is closed")
        return total

    def close(self) -> None:
        """Free the array. Raises BufferError if C says that a call uses it."""
        if self._close() < 0:
            raise BufferError("a call uses the table")


def unsafe(lab: Lab) -> Finding:
    """Free the array, whoever reads it."""
    c = lab.c
    table = _Table(lab, c.closed_under_call_unsafe_sum, c.closed_under_call_unsafe_close)
    return _close_meanwhile(lab, table)


def safe(lab: Lab) -> Finding:
    """Refuse to free the array while a call uses it."""
    c = lab.c
    table = _Table(lab, c.closed_under_call_safe_sum, c.closed_under_call_safe_close)
    return _close_meanwhile(lab, table)


def _close_meanwhile(lab: Lab, table: _Table) -> Finding:
    reader = Thread(table.sum)
    lab.wait_for(1)
    more = "close() did not refuse"
    try:
        table.close()
        lab.say("another thread closed the table")
    except BufferError:
        more = "close() raised BufferError while C read, and worked afterwards"
    lab.reach(2)
    total = reader.result()
    table.close()
    return lab.compare("sum of the table", total, SIZE, more)
