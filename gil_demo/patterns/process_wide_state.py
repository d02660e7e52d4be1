"""C changes a state that others share, and does not put it back; or reads it too late.

Mechanism:
    Some states belong to no object. The rounding mode, and on x86 whether very small numbers
    are flushed to zero, is a register of each thread. ``errno`` is one variable of each
    thread. The locale, the environment, the current folder and the file mask are one each for
    the whole process. A block protects none of them: the thread that leaves the block is the
    same as before, and what it has left behind applies to all Python code that it runs next.
    The other way round, Python code that runs between C's call and C's look at ``errno`` can
    change it, and a ``Py_DECREF`` may run any Python code.

What you will see:
    C sums an array with upward rounding, so that the sum is no smaller than the true one, and
    returns. Then the same thread divides 1 by 3 with NumPy: the result is one unit higher in
    its last place. After that C opens a file, which fails with ENOTDIR. Before C raises the
    exception it drops an array, whose ``__del__`` fails to delete another file with ENOENT.
    So ``PyErr_SetFromErrno`` raises FileNotFoundError, and not NotADirectoryError.

    With the rounding mode left so, Python's own division changes too, and so do ``float("0.3")``
    and ``round``: tried on 3.11, 3.12 and 3.13. A thread that this thread starts later inherits
    the mode, as C11 says; threads that ran before keep theirs. So whether a job is computed
    wrong depends on the thread that a pool gives it.

Why the safe half is safe:
    It asks for the mode, sets its own, and restores the old one, on every way out of the
    block; in C++ an object whose destructor restores it does so for exceptions too. It copies
    ``errno`` right after the call that sets it, and writes it back before it raises. END alone
    would not have harmed: CPython saves ``errno`` while it takes the GIL back, although its
    documentation does not promise that.

    What belongs to the process cannot be restored safely while other threads run: they see it
    changed meanwhile. Use the form that takes the state as an argument, or that is a thread's
    own: ``uselocale`` for ``setlocale``, ``openat`` for ``chdir``, the argument of ``posix_spawn``
    for ``setenv``.

Forced:
    Nothing: one thread is enough, and the GIL plays no part in it. It is noticed only if a
    result is compared to the last digit. Neither sanitizer flags the unsafe half,
    preloaded into Python, because every access is to memory that is there and no thread shares
    it.

In your own code:
    ``gil-demo check`` has no rule for it, and no other tool of gil-demo sees it.
    Look for ``fesetround``, ``_MM_SET_FLUSH_ZERO_MODE``, ``setlocale`` and ``errno``, and for
    Python API calls between a C call and ``PyErr_SetFromErrno``. Look at the linker, too: a
    library that GCC before 13 or clang before 19 links with ``-ffast-math`` sets flush to zero
    in the thread that loads it, and the threads that this one starts inherit it. Older NumPy
    warns then that the value of the smallest subnormal is zero; 2.4 and 2.5 do not.

    cffi has ``ffi.errno``, which it reads right after the call. ctypes has ``get_errno`` for a
    library that was loaded with ``use_errno=True``. In Cython copy ``errno`` before
    ``with gil``. In C++, with pybind11, nanobind or SWIG, the destructor of any object between
    the call and the exception may change it. Numba has no ``errno``.

    Rare, and hard to trace. A library that was only imported changed how NumPy treats very
    small numbers (pyhmmer#71); ``setlocale`` was called while other threads read numbers
    (liblinear#14); CPython itself lost error codes (cpython#107913).

Sources:
    - https://docs.python.org/3/c-api/exceptions.html#c.PyErr_SetFromErrno
    - The rounding mode: https://en.cppreference.com/w/c/numeric/fenv/feround
    - Why a locale is no thread's own: https://docs.python.org/3/library/locale.html#background-details-hints-tips-and-caveats
    - https://cffi.readthedocs.io/en/stable/ref.html#ffi-errno
    - https://docs.python.org/3/library/ctypes.html#ctypes.get_errno
    - Flush to zero by loading a library: https://github.com/althonos/pyhmmer/issues/71 and
      https://github.com/llvm/llvm-project/issues/57589 and
      https://gcc.gnu.org/bugzilla/show_bug.cgi?id=55522
    - setlocale beside other threads: https://github.com/cjlin1/liblinear/pull/14
    - errno lost in CPython's own code: https://github.com/python/cpython/issues/107913
"""

import errno
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from gil_demo.lab.lab import Lab
from gil_demo.results.patterns import Finding

CHAPTER = "the block"
QUESTION = "May C change the rounding mode, or read errno later?"
UNSAFE = "wrong-value"

SIZE = 8192


class Mapped(np.ndarray[Any, Any]):
    """An array that deletes its file when it goes; here somebody has deleted it before."""

    def __del__(self) -> None:
        with suppress(FileNotFoundError):
            Path("/no such folder/no such file").unlink()


def unsafe(lab: Lab) -> Finding:
    """Leave the rounding mode changed, and raise what errno says later."""
    c = lab.c
    return _divide_and_open(lab, c.process_wide_state_unsafe, "process_wide_state_unsafe_open")


def safe(lab: Lab) -> Finding:
    """Restore the rounding mode, and raise what errno said."""
    c = lab.c
    return _divide_and_open(lab, c.process_wide_state_safe, "process_wide_state_safe_open")


def _divide_and_open(lab: Lab, summed: Any, opening: str) -> Finding:
    before = _third_as_integer()
    summed(lab.ffi.from_buffer("double[]", np.full(SIZE, 0.1)), SIZE)
    units = _third_as_integer() - before
    arrays = [np.ones(SIZE).view(Mapped)]
    raised = 0
    try:
        lab.raising(opening)(arrays)
    except OSError as error:
        raised = error.errno or 0
    seen = "units by which 1/3 changed in its last place, and the errno that was raised"
    return lab.compare(seen, (units, raised), (0, errno.ENOTDIR))


def _third_as_integer() -> int:
    """Let NumPy divide 1 by 3; return the bits as an integer, 1 more for the next double."""
    return int((np.ones(1) / np.full(1, 3.0)).view(np.int64)[0])
