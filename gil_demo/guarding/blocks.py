"""Guards the arrays of a block of code, and shields single arrays from writing."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gil_demo.files import nameless_file
from gil_demo.guarding.facts import calls, facts
from gil_demo.guarding.install import for_blocks
from gil_demo.native import guard as native
from gil_demo.results.guard import Edge, Method, Write


class Guarded:
    """The arrays that are made in a guarded block."""

    def check(self) -> int:
        """Report each array beside which something wrote; return how many there are."""
        return native.check()

    @property
    def counts(self) -> dict[str, int]:
        """What this process counted so far: arrays asked for, guarded, alive, and so on."""
        return native.counts()


@contextmanager
def guard(
    *,
    edge: Edge = "end",
    align: int | None = None,
    sample: int = 1,
    method: Method | None = None,
    quarantine: int | None = None,
) -> Iterator[Guarded]:
    """Guard the arrays that all threads make in the block.

    A faulty access ends the process by SIGSEGV, and a report follows on standard error. Arrays
    that outlive the block stay guarded. The settings of the first guard in a process hold for
    all of it.

    Args:
        edge: Which end of the data lies at memory that nobody may access.
        align: Alignment of the data, 8 or 16 bytes. By default, as their size allows, so that
            not one byte past the end is accessible.
        sample: Guard one array in so many.
        method: "poison" fills and checks memory instead of making it inaccessible.
        quarantine: How many freed arrays stay inaccessible.

    Raises:
        ValueError: There is no such setting; the message says which there are.
        GuardUnavailable: Array data cannot be guarded here; the message says why.
    """
    wrong = {
        "edge must be 'end' or 'start'": edge not in native.EDGES,
        "align must be 8, 16 or None": align not in (None, 8, 16),
        "sample must be 1 or more": sample < 1,
        f"method must be None or one of {native.METHODS}": method not in (None, *native.METHODS),
        "quarantine must be None, 0 or more": quarantine is not None and quarantine < 0,
    }
    for message, is_so in wrong.items():
        if is_so:
            raise ValueError(message)
    for_blocks(
        native.settings(
            edge=edge, alignment=align or 0, sample=sample, method=method, quarantine=quarantine
        )
    )
    before = native.switch_on(True)
    try:
        yield Guarded()
    finally:
        native.switch_on(before)
        native.check()


@contextmanager
def protect(array: NDArray[Any]) -> Iterator[None]:
    """Let nobody write to an array's elements in the block, in whatever thread.

    A write ends the process, and the report shows who wrote. Writes to other elements of the
    same memory happen.

    Raises:
        TypeError: It is no array.
        GuardUnavailable: The array was not made under a guard.
    """
    _refuse_other_than_array(array)
    number = native.shield(array, native.PROTECTED)
    try:
        yield
    finally:
        native.unshield(number)


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """Return a copy that nobody can write to: C that ignores the flag ends the process.

    Raises:
        TypeError: It is no array, or one of Python objects or of strings of any length: NumPy
            itself writes to the elements of such an array when it frees it.
        GuardUnavailable: Array data cannot be guarded here; the message says why.
    """
    _refuse_other_than_array(array)
    if array.dtype.hasobject:
        raise TypeError(
            f"an array of dtype {array.dtype} cannot be frozen:"
            " NumPy itself writes to its elements when it frees it"
        )
    for_blocks(native.settings())
    with native.forced():
        copy = np.array(array, order="C", subok=False)
    if copy.nbytes:
        native.shield(copy, native.FROZEN)
    copy.flags.writeable = False
    return copy


class Writes:
    """The writes to a watched array so far, in order: one for each instruction that wrote."""

    def __init__(self, descriptor: int) -> None:
        """Read them from the file that C writes."""
        self._descriptor = descriptor
        self._last: tuple[Write, ...] | None = None

    def __iter__(self) -> Iterator[Write]:
        """Yield them."""
        return self._noted() if self._last is None else iter(self._last)

    def __len__(self) -> int:
        """Return how many there were."""
        return sum(1 for _ in self)

    def keep(self) -> None:
        """Remember what is there, since the file will be gone."""
        self._last = tuple(self._noted())

    def _noted(self) -> Iterator[Write]:
        size = os.fstat(self._descriptor).st_size
        text = os.pread(self._descriptor, size, 0).decode("utf-8", "replace")
        for fact in facts(text):
            seconds = fact["nanoseconds"] / 1e9
            yield Write(fact["offset"], fact["thread"], seconds, calls(fact["frames"]))


@contextmanager
def watch_writes(array: NDArray[Any]) -> Iterator[Writes]:
    """List every write to an array's elements in the block, and let the program go on.

    It is a debugging aid and slow: each write costs two signals. A write of another thread in
    the very moment of a noted one is not seen.

    Raises:
        TypeError: It is no array.
        GuardUnavailable: The array was not made under a guard, or this is not Linux on x86-64.
    """
    _refuse_other_than_array(array)
    with nameless_file() as file:
        writes = Writes(file.fileno())
        number = native.shield(array, native.WATCHED, file.fileno())
        try:
            yield writes
        finally:
            native.unshield(number)
            writes.keep()


def _refuse_other_than_array(array: object) -> None:
    if not isinstance(array, np.ndarray):
        raise TypeError(f"a NumPy array is needed here, not {type(array).__name__}")
