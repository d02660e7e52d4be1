"""The owner drops its reference to the array while C still reads the elements.

Mechanism:
    ``PyList_GET_ITEM`` lends a reference: the list owns the array, the C function does
    not. While the function holds the GIL and runs no Python code, nobody can change the
    list, so the borrowed reference stays valid. Once the function releases the GIL, another
    thread may clear the list. That drops the last reference, NumPy frees the data, and the
    pointer that C took no longer points to the array. No garbage collector is involved: the
    reference count reached zero.

What you will see:
    C reads half of the array and parks. Python clears the list. C goes on and is killed
    by SIGSEGV at the next element, because the array's data lie in guarded pages here:
    freeing them makes them inaccessible. Without guarded pages the memory is often
    still there, or already belongs to another array, and the sum is right or wrong by luck.
    Where there is no GIL, the unsafe half has no block, and ends in the same way: C stays attached,
    and the list is cleared all the same.

Why the safe half is safe:
    It owns a reference from before it releases the GIL until it has taken the GIL back. The
    list may be cleared; the array stays alive until ``Py_DECREF``, which is called with the
    GIL held. Without a GIL the list may be cleared even between ``PyList_GET_ITEM`` and
    ``Py_INCREF``, while C is attached; ``PyList_GetItemRef``, new in 3.13, takes the item and
    the reference in one step, and so is right with and without a GIL.
    ``PyArray_FROM_OTF`` returns a new reference, so code that converts its argument with
    it already owns the array that it reads.

Forced:
    C parks in the middle until Python has cleared the list. In a real program it happens
    when another thread drops the last reference while one call lasts. AddressSanitizer flags
    the unsafe half, preloaded into Python, as a use after free.

In your own code:
    ``gil-demo guard`` shows which array C read after it had been freed, who freed it, and the
    line of C.

    In pybind11 and nanobind ``py::object``, ``py::array_t`` and ``nb::object`` own their
    reference; ``py::handle`` and ``nb::handle`` borrow, and so does ``.ptr()``. A parameter
    that is taken by value is owned until the function ends. A variable of Cython owns; a
    pointer that was taken out of it does not. With cffi and ctypes the arguments of a call are
    held until it returns, and what is inside them is not.

    Without a GIL the moment between the item and its ``Py_INCREF`` is enough, so projects
    replace these calls now, NumPy among them (numpy#26246, pygit2#1434).

Sources:
    - https://docs.python.org/3/glossary.html#term-borrowed-reference
    - https://docs.python.org/3/howto/free-threading-extensions.html#borrowed-references
    - pybind11: https://pybind11.readthedocs.io/en/stable/reference.html#convenience-classes-for-python-types
    - https://github.com/numpy/numpy/pull/26246
    - https://github.com/libgit2/pygit2/issues/1434
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from gil_demo.host.machine import gil_enabled
from gil_demo.lab.lab import Lab
from gil_demo.lab.thread import Thread
from gil_demo.results.patterns import Finding

CHAPTER = "lifetime"
QUESTION = "Must C own a reference while it reads?"
UNSAFE = "crash"

SIZE = 8192


def unsafe(lab: Lab) -> Finding:
    """Borrow the array from a list that is cleared meanwhile."""
    gil = gil_enabled()
    summed = lab.c.borrowed_reference_unsafe if gil else lab.c.borrowed_reference_no_gil
    return _sum_while_cleared(lab, lambda owner: summed(lab.address(owner), lab.pointer))


def safe(lab: Lab) -> Finding:
    """Own a reference for as long as C reads."""
    return _sum_while_cleared(lab, lab.raising("borrowed_reference_safe"))


def _sum_while_cleared(lab: Lab, summed: Callable[[list[Any]], float]) -> Finding:
    owner = [np.ones(SIZE)]
    reader = Thread(summed, owner)
    lab.wait_for(1)
    owner.clear()
    lab.say("the owner dropped the last reference it had")
    lab.reach(2)
    return lab.compare("sum of the array", reader.result(), SIZE)
