"""The memory that a child shares with the process that started it.

It still holds what the half said, and how far the kernel got, when the child is dead.
"""

import json
import mmap
import struct
from dataclasses import asdict, dataclass
from typing import Any

from gil_demo.native.patterns import patterns
from gil_demo.results.patterns import Finding
from gil_demo.results.reading import read

MEMORY_BYTES = 1 << 16

LENGTH = struct.Struct("=q")


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
    """The shared memory itself: C's struct lab, then entries of JSON, a line each.

    Guarantees: the child's main thread adds entries, one at a time, and the length is written
    last, so a process that reads meanwhile never sees a part of an entry. What was added
    stays readable however the child ends.
    """

    lab: Any
    """The struct lab, as cffi's pointer: C counts in it."""

    def __init__(self) -> None:
        """Allocate anonymous memory, which a fork shares rather than copies."""
        ffi, _ = patterns()
        self._map = mmap.mmap(-1, MEMORY_BYTES)
        self.lab = ffi.from_buffer("lab *", self._map)
        self._length_at = ffi.sizeof("lab")
        self._text_at = self._length_at + LENGTH.size

    def add(self, kind: str, content: Note | Finding) -> None:
        """Add an entry at the end."""
        text = json.dumps({kind: asdict(content)}).encode() + b"\n"
        end = self._end()
        self._map[end : end + len(text)] = text
        LENGTH.pack_into(self._map, self._length_at, end + len(text) - self._text_at)

    def read(self) -> Remains:
        """Return all that is there now."""
        lines = self._map[self._text_at : self._end()].splitlines()
        entries = [json.loads(line) for line in lines]
        notes = tuple(Note(**entry["note"]) for entry in entries if "note" in entry)
        findings = [read(Finding, entry["finding"]) for entry in entries if "finding" in entry]
        return Remains(self.lab.done, self.lab.total, notes, findings[0] if findings else None)

    def _end(self) -> int:
        """Return where the next entry goes."""
        (length,) = LENGTH.unpack_from(self._map, self._length_at)
        return int(self._text_at + length)
