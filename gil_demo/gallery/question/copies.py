"""Demonstrates when the conversion makes a copy: by the address that C reads."""

import ctypes
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gil_demo.lab.lab import Lab
from gil_demo.results.patterns import Finding
from gil_demo.words import Half

SIZE = 8192

DOUBLE = 12  # NPY_DOUBLE
FLAGS = {"unsafe": 0x100, "safe": 0x101}  # NPY_ARRAY_ALIGNED, NPY_ARRAY_IN_ARRAY
FUNCTIONS = {"PyArray_DescrFromType": 45, "PyArray_FromAny": 69}  # places in NumPy's table


def address_of(array: NDArray[Any]) -> int:
    """Return the address of an array's first element."""
    return int(array.__array_interface__["data"][0])


def _converted(half: Half, thing: Any) -> NDArray[np.float64]:
    """Return the result of ``PyArray_FROM_OTF``, by the call that the macro makes."""
    pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
    pointer_of.restype, pointer_of.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    capsule = import_module("numpy._core._multiarray_umath")._ARRAY_API
    table = (ctypes.c_void_p * 100).from_address(pointer_of(capsule, None))
    describe = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_int)(
        table[FUNCTIONS["PyArray_DescrFromType"]] or 0
    )
    integer, pointer, thing_type = ctypes.c_int, ctypes.c_void_p, ctypes.py_object
    convert = ctypes.PYFUNCTYPE(
        thing_type, thing_type, pointer, integer, integer, integer, pointer
    )(table[FUNCTIONS["PyArray_FromAny"]] or 0)
    array: NDArray[np.float64] = convert(thing, describe(DOUBLE), 0, 0, FLAGS[half], None)
    return array


def _copied(half: Half, thing: Any, own: int | None, expected: bool) -> Finding:
    """Check whether C reads a copy, by the address that it reads."""
    read = address_of(_converted(half, thing))
    copied = read != own
    where = f"the argument's data are at {own:#x}" if own else "a list has no data for C to read"
    seen = f"C reads at {read:#x}, {where}: {'a copy' if copied else 'no copy'}"
    return Finding("ok" if copied == expected else "wrong-value", seen)


def list_copied(lab: Lab, half: Half) -> Finding:
    """Convert a list."""
    del lab
    return _copied(half, [1, 2, 3], None, expected=True)


def float32_copied(lab: Lab, half: Half) -> Finding:
    """Convert an array of single precision."""
    del lab
    array = np.ones(SIZE, np.float32)
    return _copied(half, array, address_of(array), expected=True)


def contiguous_not_copied(lab: Lab, half: Half) -> Finding:
    """Convert a contiguous array of doubles."""
    del lab
    array = np.ones(SIZE)
    return _copied(half, array, address_of(array), expected=False)


def strided_copied(lab: Lab, half: Half) -> Finding:
    """Convert a strided view of doubles."""
    del lab
    view = np.ones(SIZE)[::2]
    return _copied(half, view, address_of(view), expected=True)
