"""The memory that a child shares with the process that started it.

What was said, and how far the kernel got, can be told even of a child that died.
"""

import json
import mmap
import struct
from dataclasses import asdict, dataclass

from gil_demo.words import Outcome

LAB_BYTES = 64
"""Room for the C struct lab at the start of the memory."""


MEMORY_BYTES = 1 << 16


COUNTERS = struct.Struct("=4q")  # step, met, done, total: as csrc/lab.h has them


LENGTH = struct.Struct("=q")


TEXT_START = LAB_BYTES + LENGTH.size


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
