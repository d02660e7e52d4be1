"""Reads files, or says why one cannot be read."""

from pathlib import Path

from gil_demo.check.source.source import Source

MAX_BYTES = 4 * 2**20
"""The largest file that is read: any file up to this size takes at most ten seconds. In 44
projects no C file was larger."""

SUFFIXES = (
    *(".c", ".h", ".cc", ".cpp", ".cxx", ".c++", ".hh", ".hpp", ".hxx", ".h++", ".inl", ".inc"),
    *(".c.src", ".h.src", ".cpp.src", ".i"),
)
"""The endings of the files that are read in a folder; ``.i`` is SWIG's."""


class NotReadable(Exception):
    """A file that cannot be read, and why."""


def read(path: Path) -> Source:
    """Read a file.

    Raises:
        NotReadable: If it is no file, cannot be opened, is too large or is not text in an
            encoding that agrees with ASCII.
    """
    try:
        if path.is_dir():
            raise NotReadable("is a folder")
        if not path.is_file():
            raise NotReadable(_why_no_file(path))
        size = path.stat().st_size
        if size > MAX_BYTES:
            limit = MAX_BYTES // 2**20
            raise NotReadable(f"has {size / 2**20:.0f} MB, and {limit} MB is the most that is read")
        data = path.read_bytes()
    except OSError as error:
        raise NotReadable(f"cannot be read: {error.strerror or error}") from None
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise NotReadable("is UTF-16: convert it to UTF-8 first")
    if b"\n" not in data:
        data = data.replace(b"\r", b"\n")
    return Source(path, data.decode("latin-1"))


def _why_no_file(path: Path) -> str:
    if path.exists():
        return "is not a regular file"
    return "is a link that leads nowhere" if path.is_symlink() else "is not there"
