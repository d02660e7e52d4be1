"""The memory that a child shares with the process that started it.

It still holds what the half said, and how far the kernel got, when the child is dead.
"""

import json
import mmap
from dataclasses import asdict, dataclass

from gil_demo.native.patterns import patterns
from gil_demo.results.patterns import Finding
from gil_demo.results.reading import read

MEMORY_BYTES = 1 << 16


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

    Guarantees: the child's main thread adds entries, one at a time, and C stores the length
    last and with release, so a process that loads it meanwhile never sees a part of an entry.
    What was added stays readable however the child ends.
    """

    def __init__(self) -> None:
        """Allocate anonymous memory, which a fork shares rather than copies. Raises `NotBuilt`."""
        self._map = mmap.mmap(-1, MEMORY_BYTES)
        ffi, self._c = patterns()
        self.pointer = ffi.from_buffer("lab *", self._map)
        self._text_at = int(ffi.sizeof("lab"))

    def add(self, kind: str, content: Note | Finding) -> None:
        """Add an entry at the end."""
        text = json.dumps({kind: asdict(content)}).encode() + b"\n"
        start = self._end
        self._map[start : start + len(text)] = text
        self._c.lab_publish(self.pointer, start + len(text) - self._text_at)

    def read(self) -> Remains:
        """Return all that is there now."""
        lines = self._map[self._text_at : self._end].splitlines()
        entries = [json.loads(line) for line in lines]
        notes = tuple(Note(**entry["note"]) for entry in entries if "note" in entry)
        findings = [read(Finding, entry["finding"]) for entry in entries if "finding" in entry]
        counted = self.pointer.done, self.pointer.total
        return Remains(*counted, notes, findings[0] if findings else None)

    @property
    def _end(self) -> int:
        return self._text_at + int(self._c.lab_published(self.pointer))
