"""A thread that C started asks for the GIL and lands in the wrong interpreter.

Mechanism:
    A process can have several interpreters. ``PyGILState_Ensure`` takes no argument. If
    C has started the calling thread and the thread has no thread state yet, the function
    makes a thread state of the main interpreter, number 0, no matter which interpreter
    started the thread. The thread then works with the modules and the objects of
    interpreter 0. If the interpreter that asked has a GIL of its own, as is possible from
    3.12 on, the thread does not even hold the right GIL.

    Reports mostly tell of a hang, and that comes from a thread that has a thread state already.
    Up to 3.11 ``PyGILState_Ensure`` remembers the first one that a thread ever had. If the
    thread now works for another interpreter, Ensure takes that for a thread without the GIL,
    and waits for the GIL that the thread itself holds: seen on 3.11. On 3.12 and 3.13 it
    accepts the interpreter that the thread is attached to. Servers that run several
    applications in subinterpreters of one process, such as mod_wsgi, meet this.

What you will see:
    C starts a thread on behalf of interpreter 1. The thread adds up the array and leaves
    the sum with the interpreter that it is attached to. That is interpreter 0, and
    interpreter 1 does not find the sum. No call has failed.

Why the safe half is safe:
    The function that starts the thread notes its interpreter (``PyInterpreterState_Get``).
    The thread makes a thread state for that interpreter, attaches it with
    ``PyEval_RestoreThread``, which takes the GIL of that interpreter, and afterwards
    clears and deletes it. The interpreter cannot end meanwhile, because its call joins
    the thread. Python 3.15 adds ``PyThreadState_Ensure``, whose argument is a guard of the
    right interpreter.

Forced:
    Nothing: it happens on every call. C plays the part of the subinterpreter here: no Python
    code runs in it, and of NumPy it gets only a pointer to the array's data. Neither
    sanitizer flags the unsafe half, preloaded into Python, because both interpreters are
    really there, and each call is correct by itself.

In your own code:
    Look for ``PyGILState_Ensure`` and for what uses it: ``gil_scoped_acquire`` of nanobind,
    Cython's ``with gil:``, callbacks of ctypes and cffi, directors of SWIG, Numba's
    ``with objmode():``. All of them take the main interpreter for a thread that Python does not
    know; none takes an argument. pybind11 3 has ``py::subinterpreter_scoped_activate``.
    ``gil-demo check`` has no rule for it: the call is right as long as there is one
    interpreter.

    Frequent under mod_wsgi, as long as NumPy has had users there:
    ``WSGIApplicationGroup %{GLOBAL}`` keeps an application in the main interpreter.

Sources:
    - The warning at https://docs.python.org/3/c-api/threads.html#c.PyGILState_Ensure
    - https://docs.python.org/3/c-api/subinterpreters.html#bugs-and-caveats
    - https://docs.python.org/3/c-api/threads.html#c.PyThreadState_New
    - A GIL for each interpreter: https://peps.python.org/pep-0684/
    - The hang: https://github.com/numpy/numpy/issues/3837 under mod_wsgi,
      https://github.com/numpy/numpy/issues/5856
    - pybind11: https://pybind11.readthedocs.io/en/stable/advanced/embedding.html
    - mod_wsgi:
      https://modwsgi.readthedocs.io/en/master/user-guides/application-issues.html#python-simplified-gil-state-api
"""

import numpy as np

from gil_demo.lab.lab import Lab
from gil_demo.results.patterns import Finding
from gil_demo.words import NO_GIL

CHAPTER = "locks and threads"
QUESTION = "Does PyGILState_Ensure find the interpreter that asked?"
HAZARD = {NO_GIL: "A thread that C started attaches, and lands in the wrong interpreter."}
UNSAFE = "wrong-value"

SIZE = 8192


def unsafe(lab: Lab) -> Finding:
    """Take the GIL with ``PyGILState_Ensure``."""
    return _ask(lab, "wrong_interpreter_unsafe")


def safe(lab: Lab) -> Finding:
    """Make a thread state for the interpreter that asked."""
    return _ask(lab, "wrong_interpreter_safe")


def _ask(lab: Lab, thread: str) -> Finding:
    array = np.ones(SIZE)
    ids = np.zeros(2, dtype=np.int64)
    found = lab.c.wrong_interpreter_ask(
        lab.ffi.addressof(lab.c, thread),
        lab.ffi.from_buffer("double[]", array),
        SIZE,
        lab.ffi.from_buffer("int64_t[]", ids, require_writable=True),
    )
    caller, receiver = ids
    went = f"interpreter {caller} asked, and the sum went to interpreter {receiver}"
    return lab.compare("the sum that the caller found", found, SIZE, went)
