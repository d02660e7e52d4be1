"""Inside the child: what a pattern's Python half works with."""

import ctypes
import time
from collections.abc import Callable
from typing import Any

from gil_demo.lab.memory import Finding, Memory, Note
from gil_demo.native.patterns import patterns
from gil_demo.results.numbers import Spread

RESULTS: dict[str, type[ctypes.c_int] | type[ctypes.c_double]] = {
    "int": ctypes.c_int,
    "double": ctypes.c_double,
}

POLL_SECONDS = 0.0002


class Lab:
    """What a half is given: its C, the handshake with it, and a witness that outlives it.

    `c` holds the C functions of all patterns, and `ffi` makes pointers for them. All of
    them are entered with the GIL held.
    """

    def __init__(self, memory: Memory) -> None:
        """Attach to the memory, and guard the array data that this thread allocates."""
        self.ffi, self.c = patterns()
        self._memory = memory
        self.pointer = self.ffi.cast("lab *", self.ffi.from_buffer(memory.map))
        self.guard()

    def guard(self) -> None:
        """Let arrays that this thread allocates from now on have guarded pages of their own."""
        if self.c.guard_install() != 0:
            raise RuntimeError("NumPy does not take the guarded allocator")

    def address(self, thing: object) -> Any:
        """The C pointer to a Python object. It is borrowed: keep the object."""
        return self.ffi.cast("PyObject *", id(thing))

    def raising(self, name: str) -> Callable[[object], float]:
        """A C function that takes one object, and raises what its C raises.

        It is entered with the GIL held. cffi would take an exception that C has set for an
        error of its own.
        """
        result = RESULTS[self.ffi.typeof(getattr(self.c, name)).result.cname]
        address = int(self.ffi.cast("uintptr_t", self.ffi.addressof(self.c, name)))
        return ctypes.PYFUNCTYPE(result, ctypes.py_object)(address)

    def say(self, text: str) -> None:
        """Note what was just done, in the past tense: 'the owner dropped the last reference'."""
        self._memory.add("note", Note(time.monotonic(), text))

    def give_up_hope(self, text: str) -> None:
        """Say that from here on no thread can go on; whoever watches need not wait for long."""
        self._memory.add("note", Note(time.monotonic(), text, hopeless=True))

    def conclude(self, finding: Finding) -> None:
        """Leave the finding."""
        self._memory.add("finding", finding)

    def wait_for(self, step: int) -> None:
        """Sleep until C has reached a step."""
        while self._memory.step() < step:
            time.sleep(POLL_SECONDS)

    def reach(self, step: int) -> None:
        """Let C go on that waits for this step."""
        self.c.lab_reach(self.pointer, step)

    def compare(self, what: str, found: float, expected: float) -> Finding:
        """Right or wrong: 'the sum is 8,192, as expected', 'the sum is 3, and 8,192 is right'."""
        if found == expected:
            return Finding("ok", f"{what}: {found:,.15g}, as it should be")
        return Finding("wrong-value", f"{what}: expected {expected:,.15g}, found {found:,.15g}")


def times(ratio: Spread) -> str:
    """A ratio in words: '6.0 times (4.5 to 11.0)'."""
    middle, low, high = (
        f"{value:,.{1 if value >= 1 else 2}f}" for value in (ratio.median, ratio.low, ratio.high)
    )
    return f"{middle} times ({low} to {high})"
