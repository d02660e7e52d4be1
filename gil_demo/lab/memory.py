"""The memory that a child shares with the process that started it.

It still holds what the half said, and how far the kernel got, when the child is dead.
"""

import json
import mmap
import struct
from dataclasses import asdict, dataclass

from gil_demo.results.patterns import Finding
from gil_demo.results.reading import read

LAB_BYTES = 64
"""Room for the C struct lab at the start of the memory."""

MEMORY_BYTES = 1 << 16

COUNTERS = struct.Struct("=4q")  # step, met, done, total: as csrc/patterns/lab.h has them

LENGTH = struct.Struct("=q")

TEXT_START = LAB_BYTES + LENGTH.size


@dataclass(frozen=True, slots=True)
class Note:
    """Something that the half said it had done, and when, by time.monotonic.

    From a note that expects a deadlock on, no thread of the half can go on.
    """

    seconds: float
    text: str
    expects_deadlock: bool = False


@dataclass(frozen=True, slots=True)
class Remains:
    """All that a child left behind in the shared memory."""

    done: int = 0
    total: int = 0
    notes: tuple[Note, ...] = ()
    finding: Finding | None = None

    @property
    def last_note(self) -> Note | None:
        """Return the note that was left last."""
        return self.notes[-1] if self.notes else None

    @property
    def expects_deadlock(self) -> bool:
        """Return whether the half said last that no thread can go on."""
        return bool(self.notes) and self.notes[-1].expects_deadlock


class Memory:
    """The shared memory itself: C's counters, then entries of JSON, a line each.

    Guarantees: the child's main thread adds entries, one at a time, and the length is written
    last, so a process that reads meanwhile never sees a part of an entry. What was added
    stays readable however the child ends.
    """

    def __init__(self) -> None:
        """Allocate anonymous memory, which a fork shares rather than copies."""
        self.map = mmap.mmap(-1, MEMORY_BYTES)

    def add(self, kind: str, content: Note | Finding) -> None:
        """Add an entry at the end."""
        (length,) = LENGTH.unpack_from(self.map, LAB_BYTES)
        text = json.dumps({kind: asdict(content)}).encode() + b"\n"
        start = TEXT_START + length
        self.map[start : start + len(text)] = text
        LENGTH.pack_into(self.map, LAB_BYTES, length + len(text))

    def read(self) -> Remains:
        """Return all that is there now."""
        _, _, done, total = COUNTERS.unpack_from(self.map, 0)
        (length,) = LENGTH.unpack_from(self.map, LAB_BYTES)
        lines = self.map[TEXT_START : TEXT_START + length].splitlines()
        entries = [json.loads(line) for line in lines]
        notes = tuple(Note(**entry["note"]) for entry in entries if "note" in entry)
        findings = [read(Finding, entry["finding"]) for entry in entries if "finding" in entry]
        return Remains(done, total, notes, findings[0] if findings else None)
