"""Starts and stops the watch, and keeps what the C cannot know: what the threads are called."""

import sys
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gil_demo.files import printable
from gil_demo.host import launch
from gil_demo.interrupts import interrupts_later, uninterrupted
from gil_demo.native import handovers
from gil_demo.native.handovers import CannotWatch, Holds, Row
from gil_demo.results.watching import ThreadTotals

MAX_HOLDS = 1 << 21
"""Pairs of hand-overs that are kept, of 40 bytes each: 84 MB, taken from the system as needed."""

STACK_AFTER_NS = 1_000_000
"""A hold for which nobody waits gets its stack if it lasts that long."""


@dataclass(frozen=True)
class Recording:
    """What a watch noted. `rows` are the threads; `names` has a name for each of them."""

    started_ns: int
    stopped_ns: int
    holds: Holds
    rows: tuple[Row, ...]
    names: dict[int, str]
    ended: Row
    switch_interval_seconds: float
    lost_events: int
    lost_stacks: int
    other_gils: int

    @property
    def unanswered(self) -> list[tuple[int, int]]:
        """The threads that still asked for the GIL at the end, and since when."""
        return [(row.row, row.asked_ns) for row in self.rows if row.asked_ns]


class ThreadNames:
    """Learns the name of each thread that starts while the watch runs.

    Guarantees: what a thread is called is looked up as late as possible, so that a name given
    after the start counts; no thread is kept alive; `stop` puts back what `start` replaced.

    ``threading`` calls ``Thread._set_ident`` in each new thread, once, first of all.
    ``threading.setprofile`` would slow every call, and an audit hook could not be removed.
    """

    def __init__(self) -> None:
        """Know nobody yet."""
        self._by_serial: dict[int, tuple[str, weakref.ref[threading.Thread]]] = {}
        self._by_ident: dict[int, tuple[str, weakref.ref[threading.Thread]]] = {}
        self._original: Callable[[Any], None] | None = None

    def start(self) -> None:
        """Learn the names of the threads there are, and of each that starts from now on."""
        for thread in threading.enumerate():
            if thread.ident is not None:
                self._by_ident[thread.ident] = (thread.name, weakref.ref(thread))
        handovers.name_thread(printable(threading.current_thread().name))
        kind: Any = threading.Thread
        self._original = original = getattr(kind, "_set_ident", None)
        if original is None:
            return  # threads are told by their numbers then

        def set_ident(thread: threading.Thread) -> None:
            original(thread)
            try:
                _, serial = handovers.name_thread(printable(thread.name))
            except RuntimeError:
                return  # the watch has just ended, or this is a forked child
            self._by_serial[serial] = (thread.name, weakref.ref(thread))

        kind._set_ident = set_ident

    def stop(self) -> None:
        """Put back what was replaced."""
        kind: Any = threading.Thread
        if self._original is not None:
            kind._set_ident = self._original
            self._original = None

    def of(self, row: Row) -> str:
        """Say what a thread is called."""
        known = self._by_serial.get(row.serial) or self._by_ident.get(row.ident)
        if known is None:
            return f"thread {row.native_id}"
        name, thread = known
        alive = thread()
        return alive.name if alive else name


class Recorder:
    """One watch of the GIL of this interpreter, from `start` to `stop`.

    Guarantees: of two at the same time, the second is refused; whatever `start` changed,
    `stop` changes back, also if an interrupt comes meanwhile, and so does a `start` that
    raises; in a forked child nothing is watched, and `stop` returns None.
    """

    def __init__(
        self, *, events: bool, max_holds: int = MAX_HOLDS, every_stack: bool = False
    ) -> None:
        """Prepare a watch: of every hand-over, or with `events` false of the totals only."""
        self._capacity = max_holds if events else 0
        self._stack_after_ns = 0 if every_stack else STACK_AFTER_NS
        self._names = ThreadNames()
        self._started = False

    def start(self, alarm_ns: int | None = None, alarm_descriptor: int = 2) -> None:
        """Start watching. Raises `CannotWatch` with the reason where it cannot be done."""
        try:
            with interrupts_later():
                handovers.start(self._capacity, self._stack_after_ns)
                self._started = True
                self._names.start()
                if alarm_ns is not None:
                    handovers.alarm_start(alarm_ns, alarm_descriptor, launch.__file__)
        except BaseException:
            if self.stop() is not None:
                handovers.forget()
            raise

    @uninterrupted
    def stop(self) -> Recording | None:
        """Stop watching, and return what was noted; `handovers.forget` frees the stacks.

        None if `start` was not called, or raised.
        """
        started, self._started = self._started, False
        self._names.stop()
        if not started or not handovers.running():
            return None
        handovers.alarm_stop()
        other_gils = handovers.other_gils()
        handovers.stop()
        span = handovers.span()
        rows, ended = self._rows()
        return Recording(
            started_ns=span.started_ns,
            stopped_ns=span.stopped_ns,
            holds=handovers.holds(),
            rows=tuple(rows),
            names={row.row: self.name(row) for row in rows},
            ended=ended,
            switch_interval_seconds=sys.getswitchinterval(),
            lost_events=span.lost,
            lost_stacks=span.lost_stacks,
            other_gils=other_gils,
        )

    def name(self, row: Row) -> str:
        """Say what a thread is called."""
        return "all other threads" if row.row == 0 else printable(self._names.of(row))

    def totals(self) -> list[ThreadTotals]:
        """Return the totals of each thread up to now; cheap, at any time."""
        rows, ended = self._rows()
        found = [totals_of(row, self.name(row)) for row in rows]
        if ended.takes:
            found.append(totals_of(ended, "threads that ended"))
        return found

    @staticmethod
    def _rows() -> tuple[list[Row], Row]:
        rows, ended = handovers.rows()
        seen = [row for row in rows if row.takes or row.held_ns or row.asked_ns]
        return seen, ended


def totals_of(row: Row, name: str) -> ThreadTotals:
    """Turn a row of the C into seconds."""
    return ThreadTotals(
        name=name,
        native_id=row.native_id,
        held_seconds=row.held_ns / 1e9,
        waited_seconds=row.waited_ns / 1e9,
        longest_hold_seconds=row.longest_hold_ns / 1e9,
        longest_wait_seconds=row.longest_wait_ns / 1e9,
        hand_overs=row.takes,
    )


__all__ = ["CannotWatch", "Recorder", "Recording", "ThreadNames", "totals_of"]
