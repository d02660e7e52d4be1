"""C keeps a Python object in a static and drops it when Python has shut down.

Mechanism:
    A process ends in two steps. First Python shuts down: it runs the functions of ``atexit``,
    destroys modules and objects, and deletes its thread states. Then the C library runs its
    own exit handlers: the functions that C gave to ``atexit``, and the destructors of C++'s
    static objects. There is no GIL any more that could be taken, and no thread state. But
    ``Py_DECREF`` of a last reference runs a destructor of Python, which needs one. The order
    is the same each time, so this is no race; it is a use of Python after its end.

What you will see:
    A fresh interpreter calls C, which sums an array and keeps the result, a Python float, in
    a static variable. The program prints the right sum, and Python shuts down. Then an exit
    handler of C drops the float, and the process ends with SIGSEGV. The work was done, and
    still the exit status says that the program failed: a test run fails, a job is tried
    again.

    The object in the static decides, and the version. On 3.11 an array, a ``str`` and an ``int``
    go unnoticed in this handler, and on 3.12 and 3.13 each is a SIGSEGV. A list of one float
    is a fatal error on 3.11 and 3.13 and goes unnoticed on 3.12. So code like this often works
    until somebody upgrades Python.

Why the safe half is safe:
    A function of Python's ``atexit`` drops the object while Python still runs, with the GIL
    held. Without a static nothing needs to be dropped: an object in the module's state goes
    with the module, in ``m_clear`` and ``m_free``. If the object must stay in a static, leave
    it there: the system takes the memory when the process ends. pybind11 recommends that for
    globals. ``Py_AtExit`` does not help, because its functions run when Python is gone.

    A destructor that cannot know when it runs can ask ``Py_IsInitialized``, which is 0 once
    Python has shut down, and do nothing then. It is 0 already in ``m_free``, where objects may
    still be dropped. It does not say whether another thread shuts Python down at this moment.
    A thread of C that comes too late has another end: see ``daemon-at-exit``.

Forced:
    Nothing: the C library runs its exit handlers after Python's end in every program that
    returns from its main function. The child is a fresh interpreter, because a forked child
    here would end without a shutdown. Neither sanitizer flags the unsafe half, preloaded into
    Python, because the memory is there: what is missing is the thread state.

In your own code:
    ``gil-demo check`` has no rule for it, because the order of the two ends is in no line of C.
    Look for statics of type ``PyObject *`` that somebody drops, and for static C++ objects that
    hold one: a ``static py::object``, also inside a function, has a destructor that runs here.
    pybind11 has ``py::gil_safe_call_once_and_store``, which never destroys what it keeps.
    Cython drops no globals at exit unless ``generate_cleanup_code`` asks for it. With ctypes or
    cffi it is a callback of Python that was given to C's ``atexit``. ``python -X faulthandler``
    does not name the place, because it ends with Python; ``gil-demo guard`` does, with the
    functions of C on the way, and so does a debugger. A static ``nb::object`` of nanobind is no
    different, and SWIG wraps such C++ as it is.

    Frequent, and often first seen with 3.12: a test run that is red although each test passed
    (cpython#126508, pybind11#5270, pybind11#1598).

Sources:
    - https://docs.python.org/3/c-api/interp-lifecycle.html#cautions-regarding-runtime-finalization
    - https://docs.python.org/3/c-api/sys.html#c.Py_AtExit
    - https://docs.python.org/3/c-api/interp-lifecycle.html#c.Py_IsInitialized
    - Module state: https://docs.python.org/3/c-api/module.html#c.PyModuleDef.m_free
    - pybind11, common sources of errors with globals:
      https://pybind11.readthedocs.io/en/stable/advanced/misc.html#common-sources-of-global-interpreter-lock-errors
    - An object in a static, from 3.12: https://github.com/python/cpython/issues/126508
    - An array in a static: https://github.com/pybind/pybind11/issues/5270
    - A list in a static: https://github.com/pybind/pybind11/issues/1598
    - An exception's type, in several projects: https://github.com/pybind/pybind11/pull/4769
"""

import signal

from gil_demo.lab.lab import Lab
from gil_demo.lab.program import run_to_its_end
from gil_demo.results.patterns import Finding

CHAPTER = "lifetime"
QUESTION = "May C keep a Python object until the process ends?"
UNSAFE = "crash"

SIZE = 8192
KILLED = (signal.SIGSEGV, signal.SIGBUS)

PROGRAM = """
import atexit, sys
import numpy as np
from gil_demo._patterns import ffi, lib
from gil_demo.native.process import die_with_parent

half, size = sys.argv[1], int(sys.argv[2])
die_with_parent()
if half == "safe":
    atexit.register(lib.after_the_end_safe_drop)
numbers = ffi.from_buffer("double[]", np.ones(size))
print(getattr(lib, f"after_the_end_{half}")(numbers, size))
"""
"""For a fresh interpreter: it prints a sum, and ends."""


def unsafe(lab: Lab) -> Finding:
    """Leave the object to an exit handler of the C library."""
    return _sum_that_it_prints(lab, "unsafe")


def safe(lab: Lab) -> Finding:
    """Drop the object in a function of Python's atexit."""
    return _sum_that_it_prints(lab, "safe")


def _sum_that_it_prints(lab: Lab, half: str) -> Finding:
    program = run_to_its_end(PROGRAM, half, str(SIZE), killed_by=KILLED)
    found = float(program.printed)
    if program.status < 0:
        return Finding("crash", f"the program printed the sum {found:,.0f} and then {program.how}")
    return lab.compare(
        "the sum that the program printed", found, SIZE, f"the program {program.how}"
    )
