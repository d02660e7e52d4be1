"""Sees from outside whether the threads of a half wait for each other.

Silence is no evidence: a process may be stopped, or get no turn. Linux tells of each thread
whether it sleeps, in which function of the kernel, and how often it gave up the processor. A
thread that can go on runs, or waits for a core, or is stopped; it does not sleep on a lock.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")

UNSEEN = "it was stopped: this system has no /proc, so nobody sees whether its threads wait"

WINDOW_SECONDS = 0.25
"""How long to watch threads that sleep, at first; each window after that is twice as long."""

MIN_TURNS = 10
"""How often a thread that does run must have had the processor and have gone back to sleep: it
waits for the GIL, and wakes after each switch interval to ask for it."""

POLL_SECONDS = 0.01
"""How long from one look to the next."""

LOCKS = ("futex", "do_wait", "pipe_read")
"""Functions of the kernel in which a thread waits for a lock, for the end of a child, or for
somebody to write into a pipe. (The threads of a half have no pipe to the world outside.)"""

UNTOLD = ("", "0")
"""In place of such a function where the system does not tell it."""


@dataclass(frozen=True, slots=True)
class Look:
    """One thread at one moment: does it sleep on a lock, is it stopped, how often did it sleep?"""

    asleep: bool
    stopped: bool
    sleeps: int
    pushed_out: int

    def ran_since(self, before: "Look") -> bool:
        """Return whether the thread had the processor since an earlier look."""
        return (self.sleeps, self.pushed_out) != (before.sleeps, before.pushed_out)


Looks = Mapping[int, Look]
"""The threads of a group of processes, by their ids."""


class Watch:
    """Watches a group of processes, and says whether its threads are in a deadlock.

    They are if, in one window, all of them sleep on locks; at least one never ran; and each
    that did run had several turns, and went back to sleep each time. A thread that was
    stopped, or that came or went, begins a new window. So does the end of one that showed no
    deadlock: a thread that was still on its way to the lock at its first look has run once, and
    would never have had turns enough.
    """

    def __init__(self, group: int) -> None:
        """Watch all processes of a process group."""
        self._group = group
        self._began = self._looked = float("-inf")
        self._seconds = WINDOW_SECONDS
        self._first: Looks = {}
        self.seen = False

    def sees_a_deadlock(self) -> bool:
        """Look once more, if it is time to, and return whether a deadlock has been seen."""
        now = time.monotonic()
        if not self.seen and now - self._looked >= POLL_SECONDS:
            self._looked = now
            looks = dict(threads(self._group))
            if not comparable(self._first, looks):
                self._began, self._first = now, looks
            elif now - self._began >= self._seconds:
                self.seen = waits(self._first, looks)
                self._began, self._first = now, looks
                self._seconds *= 2
        return self.seen


def can_be_seen() -> bool:
    """Return whether this system tells how the threads of another process wait."""
    return PROC.is_dir()


def comparable(first: Looks, last: Looks) -> bool:
    """Return whether two looks are at the same threads, none stopped, one of which never ran."""
    if not first or first.keys() != last.keys():
        return False
    if any(one.stopped for one in (*first.values(), *last.values())):
        return False
    return any(not last[thread].ran_since(look) for thread, look in first.items())


def waits(first: Looks, last: Looks) -> bool:
    """Return whether all threads sleep on locks, and those that ran had turns enough."""
    for thread, look in last.items():
        had = look.sleeps - first[thread].sleeps
        if not look.asleep or (look.ran_since(first[thread]) and had < MIN_TURNS):
            return False
    return True


def threads(group: int) -> Iterator[tuple[int, Look]]:
    """Look at all threads of a process group; there are none where there is no /proc."""
    if not can_be_seen():
        return
    for process in PROC.glob("[0-9]*"):
        with suppress(OSError, ValueError, IndexError):
            if int(_fields(process)[2]) == group:
                for task in (process / "task").iterdir():
                    yield int(task.name), _look(task)


def _look(task: Path) -> Look:
    state = _fields(task)[0]
    where = (task / "wchan").read_text()
    on_a_lock = where in UNTOLD or any(name in where for name in LOCKS)
    status = dict(line.split(":", 1) for line in (task / "status").read_text().splitlines())
    return Look(
        asleep=state == "S" and on_a_lock,
        stopped=state in "Tt",
        sleeps=int(status["voluntary_ctxt_switches"]),
        pushed_out=int(status["nonvoluntary_ctxt_switches"]),
    )


def _fields(task: Path) -> list[str]:
    """Return the fields of a stat file after the name, which may contain spaces: the state first.

    https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    """
    return (task / "stat").read_text().rpartition(")")[2].split()
