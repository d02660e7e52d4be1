"""Gives a pattern's Python half, inside the child, all that it works with."""

import ctypes
import math
import time
from collections.abc import Callable
from typing import Any

from gil_demo.lab.memory import Memory, Note
from gil_demo.native import guard
from gil_demo.native.patterns import patterns
from gil_demo.native.process import be_visible
from gil_demo.results.patterns import Finding, Numbers
from gil_demo.words import Outcome

TYPES: dict[str, Any] = {
    "int": ctypes.c_int,
    "int64_t": ctypes.c_int64,
    "double": ctypes.c_double,
    "uintptr_t": ctypes.c_size_t,
    "struct _object *": ctypes.py_object,
    "lab *": ctypes.c_void_p,
}
"""What a C function that raises may take and return, by the name that cffi has for it."""

POLL_SECONDS = 0.0002


class Lab:
    """Give a half its C, the handshake with it, and memory that outlives the child.

    `c` holds the C functions of all patterns, and `ffi` makes pointers for them. All of
    them are entered with the GIL held.
    """

    def __init__(self, memory: Memory) -> None:
        """Attach to the memory, and guard the array data of this process."""
        self.ffi, self.c = patterns()
        self._memory = memory
        self.pointer = memory.lab
        self.guard()

    def guard(self) -> None:
        """Give the arrays that are made from now on, in all threads, guarded pages of their own."""
        if not guard.is_installed():
            guard.install(guard.settings())
        guard.switch_on(True)

    def address(self, thing: object) -> Any:
        """Return the C pointer to a Python object. It is borrowed: keep the object."""
        return self.ffi.cast("PyObject *", id(thing))

    def raising(self, name: str) -> Callable[..., Any]:
        """Return a C function that takes objects and numbers, and raises what its C sets.

        It is entered with the GIL held; a function that takes the lab last is given it. An
        object that it returns is a new reference. cffi would take an exception that C has set
        for an error of its own.
        """
        kind = self.ffi.typeof(getattr(self.c, name))
        types = [TYPES[one.cname] for one in (kind.result, *kind.args)]
        address = int(self.ffi.cast("uintptr_t", self.ffi.addressof(self.c, name)))
        function = ctypes.PYFUNCTYPE(*types)(address)
        if not types[1:] or types[-1] is not ctypes.c_void_p:
            return function
        lab = int(self.ffi.cast("uintptr_t", self.pointer))
        return lambda *arguments: function(*arguments, lab)

    def say(self, text: str) -> None:
        """Note what was just done, in the past tense: 'the owner dropped the last reference'."""
        self._memory.add("note", Note(time.monotonic(), text))

    def expect_deadlock(self, text: str) -> None:
        """Say that from here on no thread can go on; the sandbox checks whether that is so."""
        be_visible()
        self._memory.add("note", Note(time.monotonic(), text, expects_deadlock=True))

    def leave(self, finding: Finding) -> None:
        """Leave the finding in the shared memory."""
        self._memory.add("finding", finding)

    def wait_for(self, step: int) -> None:
        """Sleep until C has reached a step."""
        while self.c.lab_step(self.pointer) < step:
            time.sleep(POLL_SECONDS)

    def reach(self, step: int) -> None:
        """Reach a step, so that C which waits for it goes on."""
        self.c.lab_reach(self.pointer, step)

    def compare(self, seen: str, found: Numbers, expected: Numbers, more: str = "") -> Finding:
        """Find that numbers are right, or that they are a wrong value.

        `seen` says which numbers these are: 'sum of the array'. `more` is a further clause.
        """
        outcome: Outcome = "ok" if found == expected else "wrong-value"
        if not all(map(math.isfinite, found if isinstance(found, tuple) else (found,))):
            return Finding(outcome, f"{seen}: {found}", more)  # JSON has no such numbers
        return Finding(outcome, seen, more, found, expected)
