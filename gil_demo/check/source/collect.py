"""Collects the files below some paths, each once however many paths lead there."""

import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path

from gil_demo.check.source.read import SUFFIXES, NotReadable, read
from gil_demo.check.source.source import Source
from gil_demo.errors import BadInput

Unreadable = list[tuple[str, str]]
"""Files that could not be read, and why."""


def collect(paths: Sequence[Path], exclude: Sequence[str]) -> tuple[list[Source], Unreadable]:
    """Read files, and those below folders, without what a pattern excludes.

    Raises:
        BadInput: A path is not there, or a folder has no source: a report without a finding
            would say that all is well, when the wrong folder was named.
    """
    sources: list[Source] = []
    unreadable: Unreadable = []
    seen: set[Path] = set()
    for path in paths:
        if not path.exists():
            why = "is a link that leads nowhere" if path.is_symlink() else "is not there"
            raise BadInput(f"{path} {why}: name files or folders of C or C++ source")
        failures = len(unreadable)
        files = list(_files(path, exclude, unreadable)) if path.is_dir() else [path]
        if not files and len(unreadable) == failures:
            left = " that is not excluded" if exclude else ""
            raise BadInput(f"{path} has no C or C++ source{left}: name files or folders that have")
        for file in files:
            real = Path(os.path.realpath(file))
            if real in seen:
                continue
            seen.add(real)
            try:
                sources.append(read(file))
            except NotReadable as error:
                unreadable.append((str(file), str(error)))
    return sources, unreadable


def _files(folder: Path, exclude: Sequence[str], unreadable: Unreadable) -> Iterator[Path]:
    """Yield the sources below a folder, by name; links to folders are not followed."""
    waiting = [folder]
    while waiting:
        path = waiting.pop()
        if path.is_dir():
            try:
                inside = sorted(path.iterdir(), reverse=True)
            except OSError as error:
                unreadable.append((str(path), f"cannot be read: {error.strerror or error}"))
                continue
            waiting += [one for one in inside if _is_wanted(one, exclude)]
        elif path.name.lower().endswith(SUFFIXES):
            yield path


def _is_wanted(path: Path, exclude: Sequence[str]) -> bool:
    if path.name.startswith(".") or (path.is_symlink() and path.is_dir()):
        return False
    return not any(fnmatch(str(path), one) or fnmatch(path.name, one) for one in exclude)
