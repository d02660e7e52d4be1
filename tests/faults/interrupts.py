"""Sends SIGINT at many points of a command's code, each in a process of its own.

    python -m tests.faults.interrupts --points 1000 run --rounds 1 --section responsiveness

A point is a line of Python that the main thread is about to run. First the command is run
once to see which lines those are; then a forked child runs it and sends itself SIGINT at one
of them. It must end with exit code 130, in silence, soon, and leave no process and no draft.
The command ``race`` stands for gil_demo.race() in a notebook, which must leave no thread.
"""

import argparse
import os
import random
import signal
import struct
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from mmap import mmap
from pathlib import Path
from types import FrameType
from typing import Any

import gil_demo
from gil_demo.__main__ import main

from .forked import SETTLING_SECONDS, forked, warm

LEFT_BEHIND = 99
"""The exit code of a child in which a thread goes on."""

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
        if event == "line":
            self.lines += 1
            struct.pack_into("q", self.shared, 0, self.lines)
            if self.lines == self.point:
                place = f"{frame.f_code.co_filename}:{frame.f_lineno} {frame.f_code.co_name}"
                self.shared[8 : 8 + len(place)] = place.encode()
                os.kill(os.getpid(), signal.SIGINT)
        return self.trace

    @property
    def place(self) -> str:
        """Where the signal was sent; nothing if the line was never reached."""
        return self.shared[8:1000].rstrip(b"\0").decode()

    @property
    def lines_run(self) -> int:
        """How many lines the child ran."""
        return int(struct.unpack_from("q", self.shared, 0)[0])


def carry_out(arguments: Sequence[str], injector: Injector) -> None:
    """Run the command in this process, which is to end."""
    sys.argv = ["gil-demo", *arguments]
    sys.settrace(injector.trace)
    try:
        if arguments == ["race"]:
            gil_demo.race(rounds=1, threads=(1, 2))
        else:
            main()
    except KeyboardInterrupt:
        sys.settrace(None)
        limit = time.monotonic() + SETTLING_SECONDS
        while threading.active_count() > 1 and time.monotonic() < limit:
            time.sleep(0.01)
        sys.exit(130 if threading.active_count() == 1 else LEFT_BEHIND)
    finally:
        sys.settrace(None)


def one(arguments: Sequence[str], injector: Injector) -> str:
    """Interrupt the command at one point, and return what is wrong then."""
    with tempfile.TemporaryDirectory() as folder:
        ended = forked(lambda: carry_out(arguments, injector), Path(folder))
    faults = []
    if ended.code is None:
        faults.append("hangs")
    elif injector.place and ended.code != 130:
        faults.append({0: "lost", LEFT_BEHIND: "leaves a thread"}.get(ended.code, "misreported"))
        faults.append(f"exit code {ended.code}")
    if ended.err.strip():
        faults.append(f"says {ended.err.splitlines()[-1]!r}")
    faults += [f"leaves {one}" for one in ended.left]
    return ", ".join(faults)


def interrupted(arguments: Sequence[str], points: int, seed: int = 0) -> tuple[int, Counter[str]]:
    """Interrupt a command at that many points; return how many were reached, and the faults."""
    warm()
    faults: Counter[str] = Counter()
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
