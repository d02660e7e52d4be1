"""Demonstrates each claim, with the question's program and with the corrected one.

Each takes the lab and the half, unsafe for the question's program, and runs in a child.
"""

import ctypes
import gc
import sys
import threading
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gil_demo.gallery.question.copies import address_of
from gil_demo.host import machine
from gil_demo.lab.lab import Lab
from gil_demo.lab.thread import Thread
from gil_demo.measuring.switching import nobody_asks
from gil_demo.native.question import gilexample
from gil_demo.patterns import borrowed_reference
from gil_demo.results.patterns import Finding
from gil_demo.words import Half, Outcome

SIZE = 8192
"""Whole pages of double, so that nothing lies between an array and its guards."""

LONG_SIZE = 1_000_000
"""Elements that take C long enough for a waiting thread to wake up."""


def _sum_of(half: Half, thing: Any) -> float:
    return float(gilexample(half).sum(thing))


def _while_inside(lab: Lab, half: Half, thing: Any, act: Callable[[], Any]) -> tuple[float, Any]:
    """Sum a thing, and return the sum and what `act` returned in another thread meanwhile.

    No thread is asked to hand over the GIL, and in the loop below only the block releases it.
    So when the other thread has acted, that was between BEGIN and END. Without a GIL nothing
    follows from it: a claim that uses this needs one.
    """
    summed = gilexample(half).sum
    gate = threading.Lock()
    acted: list[Any] = []

    def wait_and_act() -> None:
        with gate:
            acted.append(act())

    with nobody_asks():
        gate.acquire()
        other = Thread(wait_and_act)
        gate.release()
        total = summed(thing)
        while not acted:
            total = summed(thing)
        other.result()
    return total, acted[0]


# What is right


def read_before(lab: Lab, half: Half) -> Finding:
    """Make the header tell of half as many elements, inside the block."""
    array = np.ones(LONG_SIZE)

    def halve_the_size() -> int:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            array.dtype = np.complex128  # type: ignore[misc,assignment]  # a header changed in place
        return array.size

    total, size = _while_inside(lab, half, array, halve_the_size)
    what = f"elements added up, though another thread made them {size:,} inside the block"
    return lab.compare(what, total, LONG_SIZE)


class _Convertible:
    """An object that is not an array, but can be converted to one."""

    def __init__(self) -> None:
        self.array = np.ones(LONG_SIZE)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[np.float64]:
        return self.array


def own_reference(lab: Lab, half: Half) -> Finding:
    """Count the references inside the block, to an array and to another argument."""
    array, other = np.ones(LONG_SIZE), _Convertible()
    _, converted = _while_inside(lab, half, array, lambda: sys.getrefcount(array))
    _, argument = _while_inside(lab, half, other, lambda: sys.getrefcount(other))
    what = "references inside the block to an array, beyond those to a non-array argument"
    return lab.compare(what, converted - argument, 1)


def borrowed_item(lab: Lab, half: Half) -> Finding:
    """Run the pattern about references that a list lends."""
    return (borrowed_reference.safe if half == "safe" else borrowed_reference.unsafe)(lab)


def released(lab: Lab, half: Half) -> Finding:
    """Run Python in another thread, inside the block."""
    total, _ = _while_inside(lab, half, np.ones(LONG_SIZE), lambda: None)
    return lab.compare("sum", total, LONG_SIZE, "another thread ran Python inside the block")


def not_moved(lab: Lab, half: Half) -> Finding:
    """Collect garbage inside the block, and look where array and data are."""
    array = np.ones(LONG_SIZE)
    places = id(array), address_of(array)

    def collect() -> tuple[int, int]:
        gc.collect()
        return id(array), address_of(array)

    total, places_inside = _while_inside(lab, half, array, collect)
    if places_inside != places:
        return Finding("wrong-value", f"id and data moved from {places} to {places_inside}")
    where = f"a collection during the block left the data at {places[1]:#x}"
    return lab.compare("sum", total, LONG_SIZE, where)


def index_type(lab: Lab, half: Half) -> Finding:
    """Compare the width of the index with that of a pointer."""
    del lab, half  # the same for both: it is about C's types
    most = 2 ** (8 * ctypes.sizeof(ctypes.c_int) - 1) - 1
    width = np.dtype(np.intp).itemsize
    size = np.broadcast_to(1.0, most + 1).size
    outcome: Outcome = "ok" if width == ctypes.sizeof(ctypes.c_void_p) else "wrong-value"
    more = f"an array of {size:,} exists, an int ends at {most:,}"
    return Finding(outcome, f"npy_intp has {width} bytes", more)


# What is wrong


def every_other(lab: Lab, half: Half) -> Finding:
    """Sum every other element."""
    return lab.compare("sum(arange(10.0)[::2])", _sum_of(half, np.arange(10.0)[::2]), 20.0)


def column(lab: Lab, half: Half) -> Finding:
    """Sum a column of a table."""
    table = np.arange(12.0).reshape(3, 4)
    return lab.compare("sum(table[:, 0])", _sum_of(half, table[:, 0]), 12.0)


def transposed(lab: Lab, half: Half) -> Finding:
    """Sum a transposed table."""
    table = np.arange(12.0).reshape(3, 4)
    return lab.compare("sum(table.T)", _sum_of(half, table.T), 66.0)


def backwards(lab: Lab, half: Half) -> Finding:
    """Sum an array from its end."""
    array = np.ones(SIZE)
    lab.say("sum(a[::-1]) was called")
    return lab.compare("sum(a[::-1])", _sum_of(half, array[::-1]), SIZE)


def one_value(lab: Lab, half: Half) -> Finding:
    """Sum one value that is broadcast to many."""
    repeated = np.broadcast_to(np.ones(2)[:1], SIZE)
    lab.say("sum(broadcast_to(one, 8192)) was called")
    return lab.compare("sum(broadcast_to(one, 8192))", _sum_of(half, repeated), SIZE)


def _refused(lab: Lab, half: Half, *arguments: Any) -> Finding:
    """Check that a call that cannot be answered is answered with an exception."""
    call = f"sum({', '.join(map(repr, arguments))})"
    lab.say(f"{call} was called")
    try:
        total = gilexample(half).sum(*arguments)
    except (TypeError, ValueError) as error:
        return Finding("ok", f"{call} raised {type(error).__name__}: {error}")
    return Finding("wrong-value", f"{call} returned {total}")


def no_argument(lab: Lab, half: Half) -> Finding:
    """Call the program's function without an argument."""
    return _refused(lab, half)


def not_numbers(lab: Lab, half: Half) -> Finding:
    """Give the program a string that NumPy cannot convert."""
    return _refused(lab, half, "abc")


def one_phase(lab: Lab, half: Half) -> Finding:
    """Call the module's PyInit function, and look at what it returns."""
    del lab
    before = machine.gil_enabled()
    module = gilexample(half)
    after = machine.gil_enabled()
    initialise = getattr(ctypes.PyDLL(module.__file__), f"PyInit_{module.__name__.split('.')[-1]}")
    initialise.restype = ctypes.c_void_p  # a definition comes as a borrowed reference
    kind = type(ctypes.cast(initialise(), ctypes.py_object).value).__name__
    outcome: Outcome = "ok" if kind == "moduledef" else "wrong-value"
    gil = "" if before else f"the GIL was off before its import, and is {_on(after)} after it"
    return Finding(outcome, f"{initialise.__name__} returned an object of type {kind}", gil)


def _on(enabled: bool) -> str:
    return "on" if enabled else "off"


# What remains


def mask(lab: Lab, half: Half) -> Finding:
    """Sum a masked array."""
    masked = np.ma.array([1.0, 2.0, 3.0], mask=[False, True, False])
    return lab.compare("sum of 1, 3 and a masked 2", _sum_of(half, masked), 4.0)


def large_integer(lab: Lab, half: Half) -> Finding:
    """Sum an integer that no double can hold."""
    large = 2**53 + 1
    total = int(_sum_of(half, np.array([large])))  # an int, as a float cannot hold `large`
    return lab.compare("sum of one integer", total, large)
