"""The array that the kernels work on: made here, or read from the user's file."""

import warnings
from collections.abc import Iterator
from pathlib import Path
from textwrap import shorten
from typing import Any

import numpy as np
from numpy import random  # NumPy loads it when first asked, and then would drop an interrupt
from numpy.typing import NDArray

from gil_demo.errors import BadInput
from gil_demo.files import printable
from gil_demo.host import machine
from gil_demo.native import kernels
from gil_demo.words import Kernel

ITEM_BYTES = np.dtype(np.float64).itemsize

EXACT = 2**53
"""Every whole number up to this one is a float64."""

MAX_ADVICE = 200
"""Letters of NumPy's own messages that are shown: they may quote a whole file's header."""


class UnusableInput(BadInput, ValueError):
    """A size or a file that cannot be worked on; the message says what to do."""


def make(size: int, seed: int) -> NDArray[np.float64]:
    """Make `size` float64 numbers from -1 up to 1, the same for the same seed.

    Raises `UnusableInput` before allocating if there is no room for them.
    """
    _refuse_without_room(size, "choose a smaller --size")
    array = random.default_rng(seed).random(size)
    array *= 2.0
    array -= 1.0
    return array


def load(path: Path, kernel: Kernel) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Map the array in a .npy file; return it with notes on what had to be done to it.

    The file is never written: a kernel that writes gets pages that are copied
    when written. Pickled objects are never loaded. Numbers that are not float64
    in this machine's byte order are converted, which makes a copy and a note.
    Raises `UnusableInput`.
    """
    writes = kernel in kernels.WRITING_KERNELS
    name = printable(path)
    mapped = _mapped(path, "c" if writes else "r")
    if mapped.ndim == 0:
        raise UnusableInput(f"{name} holds a single number (a 0-d array): give an array")
    if mapped.size == 0:
        raise UnusableInput(f"{name} holds an empty array: give at least one element")
    if mapped.dtype.kind not in "biuf":
        raise UnusableInput(
            f"{name} holds {mapped.dtype} elements, and the kernels work on real numbers:"
            " save it as float64"
        )
    if writes:
        _refuse_without_room(mapped.size, "its pages are copied when written: give a smaller file")
    same = mapped.dtype == np.float64
    if same and mapped.flags.aligned:
        note = f"{name}: memory-mapped, no copy"
        if writes:
            note += "; pages that the kernel writes are private, the file stays as it is"
        return mapped.ravel(order="K"), (note,)
    _refuse_without_room(mapped.size, "convert the file to float64 first")
    notes = [] if same else [f"{mapped.dtype.str} was converted to float64, a copy in memory"]
    if not mapped.flags.aligned:
        notes.append("elements are not aligned in the file, and were copied to memory")
    values = mapped.ravel(order="K")
    with np.errstate(all="ignore"):  # what became of the numbers is said in a note
        converted = values.astype(np.float64)
    notes += [] if same else _changes(values, converted)
    return converted, tuple(f"{name}: {note}" for note in notes)


def _changes(before: NDArray[Any], after: NDArray[np.float64]) -> Iterator[str]:
    """Say what became of numbers that float64 does not have."""
    if before.dtype.kind == "f":
        infinite = np.count_nonzero(np.isinf(after)) - np.count_nonzero(np.isinf(before))
        if infinite == 1:
            yield "1 number is too large for float64, and became infinite"
        elif infinite:
            yield f"{infinite:,} numbers are too large for float64, and became infinite"
    elif before.dtype.kind in "iu" and max(int(before.max()), -int(before.min())) > EXACT:
        yield "whole numbers beyond 2**53 became the nearest float64"


def _mapped(path: Path, mode: Any) -> NDArray[Any]:
    name = printable(path)
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise UnusableInput(f"{name} is not a file: give a .npy file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of sizes that overflow, which are refused below
            return np.lib.format.open_memmap(path, mode=mode)
    except FileNotFoundError:
        raise UnusableInput(f"{name} does not exist") from None
    except IsADirectoryError:
        raise UnusableInput(f"{name} is a folder: give a .npy file") from None
    except OSError as error:
        raise UnusableInput(f"{name} cannot be read: {error.strerror or error}") from None
    except Exception as error:  # whatever NumPy's parser of headers stumbles over
        reason = shorten(printable(" ".join(str(error).split())), MAX_ADVICE, placeholder=" ...")
        raise UnusableInput(f"{name} is not a usable .npy file: {reason}") from None


def _refuse_without_room(size: int, fix: str) -> None:
    needed, available = size * ITEM_BYTES, machine.available_bytes()
    if available is not None and needed > available:
        raise UnusableInput(
            f"{size:,} float64 elements need {needed / 1e9:,.1f} GB"
            f" and {available / 1e9:,.1f} GB are free: {fix}"
        )
