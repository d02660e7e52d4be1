"""The door to the guard: array data in pages of their own, and reports of faulty accesses."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gil_demo.errors import BadInput
from gil_demo.native.loading import load
from gil_demo.results.guard import Edge, Method, Settings

if TYPE_CHECKING:
    from numpy.typing import NDArray

METHODS: tuple[Method, ...] = ("markers", "mappings", "poison")  # as enum method of csrc/guard
EDGES: tuple[Edge, ...] = ("end", "start")  # as enum edge
PROTECTED, WATCHED, FROZEN = 1, 2, 3  # as enum shield

DEFAULT_QUARANTINE_BLOCKS = 1 << 18
QUARANTINE_BYTES = 64 << 30
POISON_QUARANTINE_BYTES = 256 << 20
"""Poisoned data stay in memory until they leave the quarantine; pages that are shut do not."""

MAX_WASTE_BYTES = 1 << 30
WASTE_SHARE_OF_MEMORY = 4

SPARE_MAPPINGS = 4096
"""Left for the program itself; each live array takes two where there are no guard markers."""

USUAL_MAX_MAPPINGS = 65530


class GuardUnavailable(BadInput, RuntimeError):
    """Array data cannot be guarded here; the message says why."""


@cache
def _c() -> Any:
    """Load the C module, after NumPy: in a guarded program, importing NumPy installs the guard."""
    import_module("numpy")
    return load("_guard")


def count_names() -> tuple[str, ...]:
    """Return the names of the counts, each 8 bytes, in the order of the file that holds them."""
    names: tuple[str, ...] = _c().COUNTS
    return names


def settings(
    *,
    edge: Edge = "end",
    alignment: int = 0,
    sample: int = 1,
    method: Method | None = None,
    quarantine: int | None = None,
    waste_bytes: int | None = None,
    live_blocks: int | None = None,
) -> Settings:
    """Fill in what this machine can bear.

    Args:
        edge: Where data meet memory that nobody may access.
        alignment: Of the data, 8 or 16 bytes; 0: the largest power of two that divides their
            size, at most 16, so that they end exactly at the edge.
        sample: Guard one array in so many.
        method: None: guard markers where the kernel has them (Linux 6.13), else mappings.
        quarantine: How many freed arrays stay inaccessible.
        waste_bytes: What rounding up to pages may cost.
        live_blocks: How many arrays with mappings of their own may be alive at once.
    """
    chosen = method or ("markers" if _c().HAS_MARKERS else "mappings")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Settings(
        edge=edge,
        alignment=alignment,
        sample=sample,
        method=chosen,
        quarantine_blocks=DEFAULT_QUARANTINE_BLOCKS if quarantine is None else quarantine,
        quarantine_bytes=POISON_QUARANTINE_BYTES if chosen == "poison" else QUARANTINE_BYTES,
        waste_bytes=min(MAX_WASTE_BYTES, memory // WASTE_SHARE_OF_MEMORY)
        if waste_bytes is None
        else waste_bytes,
        live_blocks=_possible_live_blocks() if live_blocks is None else live_blocks,
    )


def _possible_live_blocks() -> int:
    try:
        mappings = int(Path("/proc/sys/vm/max_map_count").read_text())
    except (OSError, ValueError):
        mappings = USUAL_MAX_MAPPINGS
    return max(0, mappings - SPARE_MAPPINGS) // 2


def install(chosen: Settings) -> None:
    """Patch NumPy's allocator and take SIGSEGV, for good; guards nothing until `switch_on`.

    Raises:
        GuardUnavailable: This NumPy, or this process, does not allow it.
    """
    try:
        _c().install(
            edge=EDGES.index(chosen.edge),
            alignment=chosen.alignment,
            sample=chosen.sample,
            method=METHODS.index(chosen.method),
            quarantine_blocks=chosen.quarantine_blocks,
            quarantine_bytes=chosen.quarantine_bytes,
            waste_bytes=chosen.waste_bytes,
            live_blocks=chosen.live_blocks,
        )
    except OSError as error:
        raise GuardUnavailable(f"array data cannot be guarded: {error}") from None


def is_installed() -> bool:
    """Say whether `install` was called in this process."""
    return bool(_c().is_installed())


def knows_frames() -> bool:
    """Say whether reports can show Python code: the layout of frames differs by version."""
    return bool(_c().KNOWS_FRAMES)


def switch_on(on: bool) -> bool:
    """Guard new arrays of all threads, or stop guarding them; return how it was before."""
    return bool(_c().switch_on(on))


def check() -> int:
    """Report every array beside which something wrote; return how many there are."""
    return int(_c().check())


def counts() -> dict[str, int]:
    """Return what was counted so far in this process."""
    found: dict[str, int] = _c().counts()
    return found


def report_into(directory: str, teller: tuple[str, ...], errors: int) -> None:
    """Keep reports and counts in `directory` ('': in memory), and run `teller` after each report.

    The teller gets two more arguments, the report's path and the place in it, and writes to the
    descriptor `errors`.
    """
    _c().report_into(directory, teller, errors)


def label(text: str) -> None:
    """Put a text into every report from now on, such as the name of a test."""
    _c().label(text)


def block_of(array: "NDArray[Any]") -> tuple[int, int] | None:
    """Return start and size of the guarded data that an array lies in, or None."""
    found: tuple[int, int] | None = _c().block(array.__array_interface__["data"][0])
    return found


def byte_bounds(array: "NDArray[Any]") -> tuple[int, int]:
    """Return the addresses of the first byte of an array's elements, and after the last."""
    low = high = array.__array_interface__["data"][0]
    if array.size == 0:
        return low, high
    for length, stride in zip(array.shape, array.strides, strict=True):
        low += min(0, (length - 1) * stride)
        high += max(0, (length - 1) * stride)
    return low, high + array.itemsize


def shield(array: "NDArray[Any]", kind: int, notes: int = -1) -> int:
    """Let nobody write to an array's bytes (PROTECTED, FROZEN), or note who does (WATCHED).

    Returns:
        A number for `unshield`.

    Raises:
        GuardUnavailable: The array's data are not guarded, or cannot be shielded.
    """
    if kind == WATCHED and not _c().CAN_STEP:
        raise GuardUnavailable("writes can only be watched on Linux on x86-64")
    if block_of(array) is None:
        raise GuardUnavailable(
            "the array's data are not guarded: make the array while the guard is on;"
            " arrays from memory maps, bytes or pickles have their data elsewhere"
        )
    low, high = byte_bounds(array)
    number = int(_c().shield(low, high - low, kind, notes))
    if number < 0:
        raise GuardUnavailable(
            "the array's data cannot be protected: too many arrays are protected already,"
            " or this one is only poisoned"
        )
    return number


def unshield(number: int) -> None:
    """Take back what `shield` did."""
    _c().unshield(number)


@contextmanager
def forced() -> Iterator[None]:
    """Guard each array that this thread makes in the block, even where the guard is off."""
    _c().force(True)
    try:
        yield
    finally:
        _c().force(False)
