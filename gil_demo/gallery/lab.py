"""Inside the child: what a pattern's Python half works with.

A lab's memory is shared with the process that started the child, so that what
was said, and how far the kernel got, can be told even of a child that died.
"""

import ctypes
import json
import mmap
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from gil_demo import native
from gil_demo.results import Spread
from gil_demo.words import Outcome

LAB_BYTES = 64
"""Room for the C struct lab at the start of the memory."""

MEMORY_BYTES = 1 << 16
COUNTERS = struct.Struct("=4q")  # step, met, done, total: as csrc/lab.h has them
LENGTH = struct.Struct("=q")
TEXT_START = LAB_BYTES + LENGTH.size

RESULTS: dict[str, type[ctypes.c_int] | type[ctypes.c_double]] = {
    "int": ctypes.c_int,
    "double": ctypes.c_double,
}

POLL_SECONDS = 0.0002


@dataclass(frozen=True, slots=True)
class Note:
    """Something that was said in the child, and when, by time.monotonic."""

    seconds: float
    text: str
    hopeless: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """What a half that lived to tell found."""

    outcome: Outcome
    evidence: str


@dataclass(frozen=True, slots=True)
class Record:
    """All that the child left behind in the shared memory."""

    done: int
    total: int
    notes: tuple[Note, ...]
    finding: Finding | None

    @property
    def hopeless(self) -> bool:
        """Whether the last word was that nobody can go on."""
        return bool(self.notes) and self.notes[-1].hopeless


class Memory:
    """The shared memory itself: C's counters, then entries of JSON, a line each.

    Entries are only ever added, and the length is written last, so that a reader never
    sees half of one.
    """

    def __init__(self) -> None:
        """Anonymous memory that a fork shares rather than copies."""
        self.map = mmap.mmap(-1, MEMORY_BYTES)

    def add(self, kind: str, content: Note | Finding) -> None:
        """Add an entry at the end."""
        (length,) = LENGTH.unpack_from(self.map, LAB_BYTES)
        text = json.dumps({kind: asdict(content)}).encode() + b"\n"
        start = TEXT_START + length
        self.map[start : start + len(text)] = text
        LENGTH.pack_into(self.map, LAB_BYTES, length + len(text))

    def step(self) -> int:
        """The last step that anybody reached."""
        return int(COUNTERS.unpack_from(self.map, 0)[0])

    def read(self) -> Record:
        """All that is there now."""
        _, _, done, total = COUNTERS.unpack_from(self.map, 0)
        (length,) = LENGTH.unpack_from(self.map, LAB_BYTES)
        lines = self.map[TEXT_START : TEXT_START + length].splitlines()
        entries = [json.loads(line) for line in lines]
        notes = tuple(Note(**entry["note"]) for entry in entries if "note" in entry)
        findings = [Finding(**entry["finding"]) for entry in entries if "finding" in entry]
        return Record(done, total, notes, findings[0] if findings else None)


class Lab:
    """What a half is given: its C, the handshake with it, and a witness that outlives it.

    `c` holds the C functions of all patterns, and `ffi` makes pointers for them. All of
    them are entered with the GIL held.
    """

    def __init__(self, memory: Memory) -> None:
        """Attach to the memory, and guard the array data that this thread allocates."""
        self.ffi, self.c = native.patterns()
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


class Thread:
    """A thread that hands back what its function returned; it allocates guarded arrays."""

    def __init__(self, lab: Lab, function: Callable[..., Any], *arguments: Any) -> None:
        """Start at once."""
        self._result: list[Any] = []
        self._thread = threading.Thread(
            target=self._run, args=(lab, function, arguments), daemon=True
        )
        self._thread.start()

    def _run(self, lab: Lab, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        lab.guard()
        self._result.append(function(*arguments))

    def result(self) -> Any:
        """Wait for the thread; what its function returned."""
        self._thread.join()
        return self._result[0]
