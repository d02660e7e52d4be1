"""The file in which a record is kept from one day to the next."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gil_demo.files import write_whole
from gil_demo.tour.record import Record


@dataclass(frozen=True, slots=True)
class RecordFile:
    """A record in a file. Where it can be neither read nor written, the lesson goes on without."""

    path: Path

    def load(self) -> Record:
        """Read the record, or begin a new one if there is none to be read.

        Only a file is read: a pipe or a device there could keep the lesson waiting for ever.
        """
        with suppress(OSError):
            if self.path.is_file():
                return Record.of(self.path.read_bytes())
        return Record()

    def save(self, record: Record) -> None:
        """Write the record down, if that can be done."""
        with suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self.path, record.text())
