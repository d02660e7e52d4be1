"""C leaves the block on a path that does not pass END.

Mechanism:
    ``Py_BEGIN_ALLOW_THREADS`` opens a C block and ``Py_END_ALLOW_THREADS`` closes it, so
    the compiler insists on the pair. It does not insist that every way out passes END:
    ``return``, ``goto``, ``longjmp`` and a C++ exception all jump over it. The thread
    comes back to Python without the GIL and without its thread state attached. Python
    goes on as if it had both, and another thread may run Python at the same time.

    The mirror image is an early way out between ``PyGILState_Ensure`` and
    ``PyGILState_Release``, by an error or a C++ exception. Then the GIL is never given back:
    the thread goes on without Python, or ends, and each thread that asks for the GIL waits for
    ever. Tried on 3.11, 3.12 and 3.13: the interpreter hangs at its next END.

What you will see:
    C finds the negative element and returns from inside the block. Next, a Python int
    must be made of the result. On 3.12 and 3.13 the memory for it comes from
    the interpreter of the attached thread state; there is none, so the process dies of
    SIGSEGV. On 3.11 that still works. Then the call's tuple of arguments is freed, which
    calls ``PyThreadState_Get``, and that checks: a fatal error, "the function must be called
    with the GIL held, but the GIL is released". Other code dies
    at another place, and with another allocator (``PYTHONMALLOC=debug``, ``python -X dev``) the
    death is the other of these two: it is certain that the process dies, but not how.

Why the safe half is safe:
    There is one way out, and it passes END: the result is kept in a variable
    that was declared before the block. ``Py_BLOCK_THREADS`` right before the ``return``
    works as well: it is END without the closing brace. In C++ an object takes the GIL back in
    its destructor, whichever way the block is left, by an exception too: pybind11 and nanobind
    call it ``gil_scoped_release``. ``errno`` survives END.

Forced:
    Nothing but a negative element in the middle. In real code the early way out is often
    the error path, which nobody has tested. Neither sanitizer flags the unsafe half,
    preloaded into Python, because C misuses no memory: Python dies because its thread state
    is missing.

In your own code:
    ``gil_scoped_release`` of pybind11 and nanobind takes the GIL back when an exception leaves
    its scope, and Cython's ``with nogil:`` does so too: tried with pybind11 3.1, nanobind 3.1
    and Cython 3.3. cffi, ctypes and ``swig -threads`` write the pair around the call; there
    only ``longjmp`` jumps over it. For the mirror image use ``gil_scoped_acquire``, and in
    Cython ``with gil:``.

    It is in the ways out that tests do not take. Three of them lacked END in a block that was
    otherwise right, and it was found by reading (numexpr#42).

Sources:
    - What the macros stand for: https://docs.python.org/3/c-api/threads.html#detaching-thread-state
    - https://docs.python.org/3/c-api/threads.html#c.Py_END_ALLOW_THREADS
    - https://docs.python.org/3/c-api/threads.html#c.Py_BLOCK_THREADS
    - The mirror image: https://github.com/NTNU-IHB/PythonFMU/issues/68
    - pybind11:
      https://pybind11.readthedocs.io/en/stable/advanced/misc.html#global-interpreter-lock-gil
    - nanobind: https://nanobind.readthedocs.io/en/latest/api_core.html#gil-management
    - Cython: https://cython.readthedocs.io/en/latest/src/userguide/nogil.html
    - https://github.com/pydata/numexpr/issues/42
"""

from typing import Any

import numpy as np

from gil_demo.lab.lab import Lab
from gil_demo.results.patterns import Finding

CHAPTER = "the block"
QUESTION = "May C return from inside the block?"
UNSAFE = ("crash", "fatal-error")

SIZE = 8192


def unsafe(lab: Lab) -> Finding:
    """Leave the block by ``return``."""
    return _find_the_negative(lab, lab.c.missing_end_unsafe)


def safe(lab: Lab) -> Finding:
    """Leave the block through END."""
    return _find_the_negative(lab, lab.c.missing_end_safe)


def _find_the_negative(lab: Lab, find: Any) -> Finding:
    array = np.ones(SIZE)
    array[SIZE // 2] = -1.0
    lab.say("Python called C")
    found = find(lab.ffi.from_buffer("double[]", array), SIZE, lab.pointer)
    return lab.compare("index of the negative element", found, SIZE // 2)
