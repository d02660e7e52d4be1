"""C keeps the address of a callback, and Python drops the object behind it.

Mechanism:
    ctypes and cffi make a C function of a Python function while the program runs: a few
    instructions that belong to a Python object. C gets only their address, and an address keeps
    nothing alive. When the last reference to the object is gone, its place is free for the next
    callback. ``lib.set_handler(CALLBACK(function))``, where CALLBACK is a ``CFUNCTYPE``, drops
    the object in the same line that made it. Nothing happens until C calls.

What you will see:
    C notes the address of a callback that doubles. Python drops this callback and makes another
    one, which negates. C calls the address for eight ones and gets -8 instead of 16: the new
    callback lies where the old one was. Then Python drops that one too, and the next call ends
    with SIGSEGV. Python's debug allocator, which is switched on here, overwrites freed memory.
    Without it the remains of the object can be whole enough for the call to go through. With
    cffi's ``ffi.callback`` the end can also be SIGILL, an illegal instruction.

Why the safe half is safe:
    C is given the object together with the address. It keeps a reference as long as it may call,
    and drops it when the callback is unregistered. Address and reference belong together: the
    GIL keeps them so here, and without one they need a lock. If you cannot change the C, keep the
    object in Python: under a name of the module, or in an attribute of an object that lives long
    enough. In cffi's API mode, ``@ffi.def_extern()`` gives a Python body to a function that was
    compiled into the module, so its address is valid for ever; what you must keep there is the
    ``ffi.new_handle()`` that it is given.

Forced:
    Nothing but ``del``. In a real program a function returns, an attribute gets another value,
    or the garbage collector comes. The last is the worst to find: ``ctypes.cast(callback,
    c_void_p)`` makes a cycle of references, so the callback lives until the next collection,
    and a short test passes. Neither sanitizer flags the unsafe half, preloaded into Python,
    because they do not watch what ctypes and its library libffi read.

In your own code:
    No tool of gil-demo sees it, ``gil-demo check`` included. In a test, call ``gc.collect()``
    after the registration and before C calls: it also frees the callbacks that lived by chance.

    pybind11 and nanobind make a ``std::function`` that owns the Python function, and takes the
    GIL when it is dropped. In Cython a Python function that is passed as ``void *`` has no
    owner: keep it. The C function that Numba's ``@cfunc`` compiled still worked after its
    object was gone (0.68), but no document promises it. SWIG's directors are Python objects:
    keep them, or give them to C++ with ``__disown__()``. ``self.method`` is a new object each
    time, so keep the callback that was made of it, not the method.

    Frequent, and old: people still gave thanks in 2023 for a note of 2012 on such a crash
    (PyMultiNest#5). Somebody asked ctypes to keep the object itself (cpython#77587); it cannot
    know how long C needs it. A log callback crashed more often with newer Pythons (td#3652).

Sources:
    - The note at https://docs.python.org/3/library/ctypes.html#callback-functions
    - https://cffi.readthedocs.io/en/stable/using.html#callbacks-old-style
    - https://cffi.readthedocs.io/en/stable/using.html#extern-python-new-style-callbacks
    - https://cffi.readthedocs.io/en/stable/ref.html#ffi-new-handle-ffi-from-handle
    - Numba: https://numba.readthedocs.io/en/stable/user/cfunc.html
    - SWIG: https://www.swig.org/Doc4.3/Python.html#Python_directors
    - https://github.com/JohannesBuchner/PyMultiNest/issues/5
    - https://github.com/python/cpython/issues/77587
    - https://github.com/tdlib/td/pull/3652
"""

import ctypes
from typing import Any

import numpy as np

from gil_demo.lab.lab import Lab
from gil_demo.results.patterns import Finding

CHAPTER = "lifetime"
QUESTION = "May Python drop a callback that C still has?"
UNSAFE = "crash"
SAFE_NEEDS_GIL = "another thread can register a callback while C calls one"
ENVIRONMENT = {"PYTHONMALLOC": "debug"}

SIZE = 8
CALLBACK = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)


def unsafe(lab: Lab) -> Finding:
    """Give C the address, and drop the callback."""
    array = lab.ffi.from_buffer("double[]", np.ones(SIZE))
    callback = CALLBACK(_double)
    lab.c.callback_collected_unsafe_register(_address(lab, callback))
    del callback
    other = CALLBACK(_negate)
    total = lab.c.callback_collected_unsafe_apply(array, SIZE)
    lab.say(f"C had called another callback in its place and given {total:,.0f} for {2 * SIZE}")
    del other
    again = lab.c.callback_collected_unsafe_apply(array, SIZE)
    return lab.compare("sums of the results", (total, again), (2 * SIZE, 2 * SIZE))


def safe(lab: Lab) -> Finding:
    """Give C the address and the callback, and drop the name of it."""
    array = lab.ffi.from_buffer("double[]", np.ones(SIZE))
    callback = CALLBACK(_double)
    lab.c.callback_collected_safe_register(_address(lab, callback), lab.address(callback))
    del callback
    other = CALLBACK(_negate)
    total = lab.c.callback_collected_safe_apply(array, SIZE)
    del other
    again = lab.c.callback_collected_safe_apply(array, SIZE)
    lab.c.callback_collected_safe_unregister()
    return lab.compare("sums of the results", (total, again), (2 * SIZE, 2 * SIZE))


def _double(value: float) -> float:
    return 2 * value


def _negate(value: float) -> float:
    return -value


def _address(lab: Lab, callback: Any) -> Any:
    """Return the address that C can call. Nothing holds the callback for it."""
    number = ctypes.c_void_p.from_buffer(callback).value
    return lab.ffi.cast("double(*)(double)", number)
