"""Sends SIGINT at many points of a command's code, each in a process of its own.

    python -m tests.faults.interrupts --points 1000 run --rounds 1 --section responsiveness

A point is a line of Python that the main thread is about to run. First the command is run
once to see which lines those are; then a forked child runs it and sends itself SIGINT at one
of them. It must end with exit code 130, in silence, soon, and leave no process and no draft.
Under ``watch`` the signal may meet the program itself: then it must end as it does under Python.
The commands ``race``, ``probe()`` and ``watch()`` stand for these calls in a notebook, which must
leave no thread, and nothing in place.
"""

import argparse
import os
import random
import re
import signal
import struct
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from mmap import mmap
from types import FrameType
from typing import Any

import gil_demo
from gil_demo.__main__ import main
from gil_demo.native import handovers
from gil_demo.watching.watch import Watch

from .forked import SETTLING_SECONDS, Ended, folder_of_its_own, forked, warm

LEFT_BEHIND = 99
"""The exit code of a child in which a thread goes on, or a watch, or what it put in place."""

NOWHERE = 1 << 62


class Injector:
    """Counts the lines that the main thread runs, and sends SIGINT before one of them."""

    def __init__(self, point: int) -> None:
        """Send it before the line of that number."""
        self.shared = mmap(-1, 4096)
        self.point = point
        self.lines = 0

    def trace(self, frame: FrameType, event: str, _: Any) -> Any:
        """Be what `sys.settrace` calls."""
        if frame.f_code.co_filename == __file__:
            return None
        if frame.f_code is Watch.__exit__.__code__ and event == "call":
            return self.after_first_line
        if event == "line":
            self.lines += 1
            struct.pack_into("q", self.shared, 0, self.lines)
            if self.lines == self.point:
                place = f"{frame.f_code.co_filename}:{frame.f_lineno} {frame.f_code.co_name}"
                self.shared[8 : 8 + len(place)] = place.encode()
                os.kill(os.getpid(), signal.SIGINT)
        return self.trace

    def after_first_line(self, _frame: FrameType, _event: str, _: Any) -> Any:
        """Let the first line of an `__exit__` be: there Python protects nobody."""
        return self.trace

    @property
    def place(self) -> str:
        """Where the signal was sent; nothing if the line was never reached."""
        return self.shared[8:1000].rstrip(b"\0").decode()

    @property
    def lines_run(self) -> int:
        """How many lines the child ran."""
        return int(struct.unpack_from("q", self.shared, 0)[0])


def watch_a_block() -> None:
    """Watch with all that a watch can put in place: its threads, and what learns names."""
    with gil_demo.watch(alarm=0.5, ask_every=0.001) as seen:
        sum(range(1000))
    assert seen.result.seconds > 0


IN_A_NOTEBOOK: dict[str, Callable[[], object]] = {
    "race": lambda: gil_demo.race(rounds=1, threads=(1, 2)),
    "probe()": lambda: gil_demo.probe(lambda: sum(range(1000)), calls=5),
    "watch()": watch_a_block,
}


@cache
def stand_ins() -> set[int]:
    """Learn the addresses that a watch puts into libpython's slots."""
    with gil_demo.watch():
        return {value for _, value, _ in handovers.slots()}


def in_place() -> list[object]:
    """Tell what a watch changes while it runs, if one can run here.

    A slot's own value may change: the linker fills it at the first call.
    """
    found: list[object] = [threading.Thread.__dict__["_set_ident"], sys.getswitchinterval()]
    if handovers.why_not() is None:
        own = stand_ins()
        found += [handovers.running()]
        found += [(place, value in own, mode) for place, value, mode in handovers.slots()]
    return found


def carry_out(arguments: Sequence[str], injector: Injector) -> None:
    """Run the command in this process, which is to end."""
    sys.argv = ["gil-demo", *arguments]
    before = in_place()
    sys.settrace(injector.trace)
    try:
        IN_A_NOTEBOOK.get(" ".join(arguments), main)()
    except KeyboardInterrupt:
        sys.settrace(None)
        limit = time.monotonic() + SETTLING_SECONDS
        while threading.active_count() > 1 and time.monotonic() < limit:
            time.sleep(0.01)
        clean = threading.active_count() == 1 and in_place() == before
        sys.exit(130 if clean else LEFT_BEHIND)
    finally:
        sys.settrace(None)


def one(arguments: Sequence[str], injector: Injector) -> str:
    """Interrupt the command at one point, and return what is wrong then."""
    with folder_of_its_own() as folder:
        ended = forked(lambda: carry_out(arguments, injector), folder)
    faults = []
    if ended.code is None:
        faults.append("hangs")
    elif injector.place and ended.code != 130 and not _programs_end(arguments, ended):
        faults.append({0: "lost", LEFT_BEHIND: "is not clean"}.get(ended.code, "misreported"))
        faults.append(f"exit code {ended.code}")
    ours = re.search(r'File "[^"]*/gil_demo/', ended.err)  # a traceback's line
    if ended.err.strip() and (arguments[0] != "watch" or ours):
        faults.append(f"says {ended.err.splitlines()[-1]!r}")
    faults += [f"leaves {one}" for one in ended.left]
    return ", ".join(faults)


def _programs_end(arguments: Sequence[str], ended: Ended) -> bool:
    """Say whether the interrupt met the program that is watched, and ended it as Python does.

    Python ends such a program by the signal. One that comes while it waits for threads or calls
    exit functions is shown, and Python goes on. So is an error that an exit function makes of it,
    as `logging.shutdown` does: it releases a lock that it could not acquire.
    """
    shown = "KeyboardInterrupt" in ended.err or "ignored in atexit callback" in ended.err
    return arguments[0] == "watch" and shown and ended.code in (-signal.SIGINT, 0)


def interrupted(arguments: Sequence[str], points: int, seed: int = 0) -> tuple[int, Counter[str]]:
    """Interrupt a command at that many points; return how many were reached, and the faults."""
    warm()
    faults: Counter[str] = Counter()
    in_place()
    whole = Injector(NOWHERE)
    wrong = one(arguments, whole)
    if wrong:
        faults[f"without any interrupt: {wrong}"] += 1
    lines, reached, chosen = whole.lines_run, 0, random.Random(seed)
    for number in range(points):
        within = chosen.randrange(max(1, lines // points))
        injector = Injector(1 + (number * lines // points + within) % lines)
        wrong = one(arguments, injector)
        reached += bool(injector.place)
        if wrong:
            faults[f"{wrong} at {injector.place}"] += 1
    return reached, faults


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--points", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    given = parser.parse_args()
    reached, faults = interrupted(given.command, given.points, given.seed)
    print(f"{' '.join(given.command)}: {given.points} points, {reached} reached,", end=" ")
    print(f"{sum(faults.values())} wrong")
    for fault, times in faults.most_common():
        print(f"  {times} x {fault}")
    sys.exit(bool(faults))
