"""Writes a file whole or not at all, and shows what a file is called."""

import contextlib
import os
from collections.abc import Iterator, Mapping
from errno import EFBIG
from pathlib import Path
from typing import BinaryIO

from gil_demo.errors import BadInput
from gil_demo.interrupts import interrupts_later

MAX_BYTES_READ = 1 << 26
"""More than any document or settings have: what is larger may be a device without an end."""

STANDARD_STREAM = Path("-")
"""How a person names standard input where a file is read. Nothing is written to it."""

STANDARD_STREAMS = {1: "standard output", 2: "standard error"}
"""By their descriptors."""


class Unwritable(BadInput, OSError):
    """A file cannot be written; the message says which, and why."""

    def __init__(self, path: Path, reason: object) -> None:
        """Name the file as the person gave it."""
        super().__init__(f"{printable(path)} {reason}")


def refuse_outputs(outputs: Mapping[str, Path | None], inputs: Mapping[str, Path | None]) -> None:
    """Refuse what cannot be written and what two options name; cheap, so ask before long work.

    The keys are the options, the values what a person gave with them.

    Raises:
        BadInput: Two options name the same file, so one would spoil the other's.
        Unwritable: A file cannot be written.
    """
    owners: dict[Path, str] = {}
    for option, file in (*inputs.items(), *outputs.items()):
        if file and (owner := owners.setdefault(_target(file), option)) != option:
            raise BadInput(f"{owner} and {option} name the same file; each needs one of its own")
    for option, file in outputs.items():
        if file:
            refuse_unwritable(file)
            for descriptor, stream in STANDARD_STREAMS.items():
                if _is_open(file, descriptor):
                    raise BadInput(f"{option} names the file that {stream} goes to: give another")


def refuse_unwritable(path: Path) -> None:
    """Raise `Unwritable` unless a draft can be made beside the file and take its place.

    Nor is a file called "-" made: a person who writes that means standard output.
    """
    with _told(path):
        if path == STANDARD_STREAM:
            raise Unwritable(path, "is no name for a file here: give another")
        if path.exists() and not path.is_file():
            raise Unwritable(path, "is not a file")
        if path.is_symlink():
            with contextlib.suppress(FileNotFoundError):
                path.stat()  # raises what is_file() and exists() keep to themselves: a loop
        target = _target(path)
        if not path.parent.is_dir():
            raise Unwritable(path.parent, "is not a folder")
        if not target.parent.is_dir():
            lost = printable(target.parent)
            raise Unwritable(path, f"is a link into {lost}, which is not a folder")
        if target.exists() and not os.access(target, os.W_OK):
            raise Unwritable(path, "is there already, and cannot be written to")
        with interrupts_later():
            handle, draft = _draft(target)
            os.close(handle)
            draft.unlink()


def refuse_folder(path: Path) -> None:
    """Raise OSError where files can be written to `path` neither now nor once it is made."""
    if path.exists() and not path.is_dir():
        raise OSError(f"{path} is not a folder")
    refuse_unwritable(path / "file" if path.exists() else path)


def write_whole(path: Path, text: str) -> None:
    """Put `text` at `path` in one step; where that fails, what was there before is still there.

    Signals that end the program wait meanwhile, so that they leave no draft behind.
    Raises `Unwritable`.
    """
    refuse_unwritable(path)
    target = _target(path)
    with _told(path), interrupts_later():
        handle, draft = _draft(target)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            draft.chmod(target.stat().st_mode if target.exists() else 0o666 & ~_umask())
            draft.replace(target)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                draft.unlink()
            raise


def read_whole(path: Path) -> bytes:
    """Read a file that a person gave. Raises OSError, also for one that does not come to an end."""
    with path.open("rb") as file:
        content = file.read(MAX_BYTES_READ + 1)
    if len(content) > MAX_BYTES_READ:
        raise OSError(EFBIG, os.strerror(EFBIG), str(path))
    return content


def nameless_file() -> BinaryIO:
    """Open a file in memory, of which nothing remains when the last process has closed it.

    Where the system has no such files, it is on the disk, in the folder for temporary ones.
    """
    if hasattr(os, "memfd_create"):
        with contextlib.suppress(OSError):  # an old kernel, or one that forbids it
            return os.fdopen(os.memfd_create("gil-demo"), "w+b")
    import tempfile

    return tempfile.TemporaryFile()


def printable(name: Path | str) -> str:
    """Write a path or name for the screen: what steers a terminal or has no encoding is escaped."""
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in str(name))


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """Name the file, as it was given, in whatever the system says against it."""
    try:
        yield
    except Unwritable:
        raise
    except OSError as error:
        raise Unwritable(path, f"cannot be written: {error.strerror or error}") from error


def _target(path: Path) -> Path:
    """Follow links to the file itself. Unlike Path.resolve(), this leaves a loop as it is."""
    try:
        return Path(os.path.realpath(path))
    except FileNotFoundError:  # the current folder was deleted
        return path


def _draft(target: Path) -> tuple[int, Path]:
    import tempfile

    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".gil-demo-")
    return handle, Path(name)


def _is_open(path: Path, descriptor: int) -> bool:
    """Check whether a descriptor of this process has this very file open."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except OSError:
        return False


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
