"""The door to the watch: every hand-over of the GIL, and C that holds or releases it."""

import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gil_demo.errors import BadInput
from gil_demo.native.loading import NotBuilt, load

HOLD = np.dtype(
    [
        ("asked", np.int64),
        ("taken", np.int64),
        ("dropped", np.int64),
        ("ran", np.int64),
        ("thread", np.uint32),
        ("stack", np.uint32),
    ]
)
"""One pair of hand-overs, as csrc/watch/handovers.h lays it out: 40 bytes."""

Holds = NDArray[Any]
"""An array of `HOLD`."""

STARTER = 1
"""The row of the thread that started the watch."""

NAME_BYTES = 39
"""How much of a thread's name the alarm tells, as csrc/watch/handovers.h has room."""


class CannotWatch(BadInput, RuntimeError):
    """The hand-overs of the GIL cannot be watched here, or not now; the message says why."""


@dataclass(frozen=True, slots=True)
class Row:
    """A thread's totals. `row` names it in `HOLD`; `serial` is given to no other thread."""

    row: int
    serial: int
    ident: int
    native_id: int
    held_ns: int
    waited_ns: int
    longest_hold_ns: int
    longest_wait_ns: int
    takes: int
    asked_ns: int


def _module() -> Any:
    """Load the C module. Raises `CannotWatch` where there is none."""
    if not getattr(sys, "_is_gil_enabled", lambda: True)():
        raise CannotWatch("there is no GIL in this interpreter, so there is nothing to watch")
    if sys.platform != "linux" or sys.implementation.name != "cpython":
        raise CannotWatch("the hand-overs of the GIL can be watched on Linux with CPython only")
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        raise CannotWatch(
            "this Python can run without a GIL, and only the GIL of one that cannot is watched:"
            " use a Python that was built in the usual way"
        )
    try:
        return load("_watch")
    except NotBuilt as error:
        raise CannotWatch(f"the hand-overs of the GIL cannot be watched: {error}") from error


def why_not() -> str | None:
    """Say why the GIL cannot be watched here, or None if it can as far as one can tell."""
    try:
        _module()
    except CannotWatch as error:
        return str(error)
    return None


def start(capacity: int, stack_after_ns: int) -> None:
    """Start watching, with room for `capacity` pairs of hand-overs; 0: totals only.

    A hold gets its stack if somebody waits, or if it lasts `stack_after_ns`. Raises
    `CannotWatch` if a watch runs already, or if a hand-over made for a test is not seen.
    """
    module = _module()
    try:
        module.start(capacity, stack_after_ns)
    except RuntimeError as error:
        raise CannotWatch(f"the GIL cannot be watched here: {error}") from None


def stop() -> None:
    """Stop watching. What was noted stays until `forget`. An alarm must have been stopped."""
    _module().stop()


def forget() -> None:
    """Free what was noted, unless a watch runs."""
    _module().forget()


def running() -> bool:
    """Say whether a watch runs; in a forked child, none does."""
    return bool(_module().running())


def holds() -> Holds:
    """Return every pair of hand-overs that was noted, in order."""
    return np.frombuffer(_module().holds(), HOLD)


def rows() -> tuple[list[Row], Row]:
    """Return the totals of each thread, and those of all threads that ended and lost their row.

    Row 0 stands for all threads beyond those that have a row of their own.
    """
    *threads, ended = (Row(*values) for values in _module().threads())
    return threads, ended


@dataclass(frozen=True, slots=True)
class WatchedSpan:
    """When the watch began and ended, or now; and how much was noted and how much was lost."""

    started_ns: int
    stopped_ns: int
    noted: int
    lost: int
    lost_stacks: int


def span() -> WatchedSpan:
    """Return when the watch began and ended, and how much it noted."""
    return WatchedSpan(*_module().span())


def frames(stack: int) -> Sequence[tuple[str, str, int]]:
    """Return a stack as (function, file, line), innermost first."""
    rows: list[tuple[str, str, int]] = _module().frames(stack)
    return rows


def name_thread(name: str) -> tuple[int, int]:
    """Tell the alarm what the calling thread is called; return the thread's row and serial.

    Raises RuntimeError if no watch runs.
    """
    told = name.encode()[:NAME_BYTES].decode(errors="ignore")
    row, serial = _module().name_thread(told)
    return int(row), int(serial)


def alarm_start(after_ns: int, descriptor: int, launcher: str) -> None:
    """Write to a file descriptor whenever a hold makes another thread wait that long.

    Stacks are told up to the first frame of the file `launcher`, which runs the program.
    Raises `CannotWatch` if no watch runs, or if the system lets no stack be read.
    """
    try:
        _module().alarm_start(after_ns, descriptor, launcher)
    except RuntimeError as error:
        raise CannotWatch(f"no alarm can be set here: {error}") from None


def alarm_stop() -> int:
    """Stop the alarm, and return how often it spoke."""
    return int(_module().alarm_stop())


def other_gils() -> int:
    """Return how many interpreters with a GIL of their own there are now; none is watched."""
    return int(_module().other_gils())


def slots() -> list[tuple[int, int, int]]:
    """Return (address, value, protection) of each slot that watching replaces."""
    found: list[tuple[int, int, int]] = _module().slots()
    return found


def hold_gil(seconds: float) -> None:
    """Run in C for so long, with the GIL held: other Python threads stand still.

    For tests of watchdogs and monitors.
    """
    _module().hold_gil(seconds)


def release_gil(seconds: float) -> None:
    """Run in C for so long, with the GIL released: other Python threads go on."""
    _module().release_gil(seconds)


def cycles(
    held_ns: int, released_ns: int, spinning: bool, count: int, limit_ns: int = 1 << 62
) -> tuple[int, int, int, int]:
    """Hold and release the GIL in turn; return the start, the end, and the time held.

    The time held is given as at least and at most: the times are stamped in C, right before
    and right after each call that drops or takes the GIL. The released part is spent on the
    processor if `spinning`, and asleep otherwise. After `limit_ns`, no further cycle begins.
    """
    start, end, least, most = _module().cycles(held_ns, released_ns, spinning, count, limit_ns)
    return start, end, least, most


def pairs(count: int) -> int:
    """Drop and take the GIL so often, and return how many nanoseconds that took."""
    return int(_module().pairs(count))
