"""Writes a file whole or not at all, and shows what a file is called."""

import contextlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from gil_demo.errors import BadInput


def refuse_outputs(outputs: Mapping[str, Path | None], inputs: Mapping[str, Path | None]) -> None:
    """Refuse what cannot be written and what two options name; cheap, so ask before long work.

    The keys are the options, the values what a person gave with them.

    Raises:
        BadInput: Two options name the same file, so one would spoil the other's.
        OSError: `write_whole` is sure to fail.
    """
    owners: dict[Path, str] = {}
    for option, file in (*inputs.items(), *outputs.items()):
        if file and (owner := owners.setdefault(file.resolve(), option)) != option:
            raise BadInput(f"{owner} and {option} name the same file; each needs one of its own")
    for file in outputs.values():
        if file:
            refuse_unwritable(file)


def refuse_unwritable(path: Path) -> None:
    """Raise OSError where `write_whole` is sure to fail."""
    if path.exists() and not path.is_file():
        raise OSError(f"{path} is not a file")
    if not path.parent.is_dir():
        raise OSError(f"{path.parent} is not a folder")
    if not os.access(path.parent, os.W_OK):
        raise OSError(f"{path.parent} cannot be written to")


def refuse_folder(path: Path) -> None:
    """Raise OSError where files can be written to `path` neither now nor once it is made."""
    if path.exists() and not path.is_dir():
        raise OSError(f"{path} is not a folder")
    refuse_unwritable(path / "file" if path.exists() else path)


def write_whole(path: Path, text: str) -> None:
    """Put `text` at `path` in one step; on OSError, what was there before is still there."""
    refuse_unwritable(path)
    target = path.resolve()
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".gil-demo-")
    draft = Path(name)
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


def printable(path: Path) -> str:
    """Write a path for the screen: what steers a terminal or has no encoding is escaped."""
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in str(path))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
