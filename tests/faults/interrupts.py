"""Sends SIGINT at many points of a command's code, each in a process of its own.

    python -m tests.faults.interrupts --points 1000 run --rounds 1 --section responsiveness

A point is a line of Python that the main thread is about to run. First the command is run
once to see which lines those are; then a forked child runs it and sends itself SIGINT at one
of them. It must end with exit code 130, in silence, soon, and leave no process and no draft.
The command ``race`` stands for gil_demo.race() in a notebook, which must leave no thread.
"""

import argparse
import ctypes
import os
import random
import signal
import struct
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from io import StringIO
from mmap import mmap
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import gil_demo
from gil_demo.__main__ import main
from gil_demo.files import nameless_file

LIMIT_SECONDS = 30.0
SETTLING_SECONDS = 3.0
LEFT_BEHIND = 99
PR_SET_CHILD_SUBREAPER = 36
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


def carry_out(arguments: Sequence[str], injector: Injector) -> NoReturn:
    """Run the command in this process, which ends."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = ["gil-demo", *arguments]
    sys.settrace(injector.trace)
    try:
        if arguments == ["race"]:
            gil_demo.race(rounds=1, threads=(1, 2))
        else:
            main()
        code: object = 0
    except KeyboardInterrupt:
        sys.settrace(None)
        limit = time.monotonic() + SETTLING_SECONDS
        while threading.active_count() > 1 and time.monotonic() < limit:
            time.sleep(0.01)
        code = 130 if threading.active_count() == 1 else LEFT_BEHIND
    except SystemExit as end:
        code = end.code
    finally:
        sys.settrace(None)
    sys.stdout.flush()
    os._exit(code if isinstance(code, int) else 1)


def one(arguments: Sequence[str], point: int) -> tuple[str, str, int]:
    """Interrupt the command at one point; return what is wrong, where, and the lines run."""
    injector = Injector(point)
    with nameless_file() as errors, tempfile.TemporaryDirectory() as folder:
        child = os.fork()
        if child == 0:
            os.chdir(folder)
            null = os.open(os.devnull, os.O_RDWR)
            for target, descriptor in enumerate((null, null, errors.fileno())):
                os.dup2(descriptor, target)
            carry_out(arguments, injector)
        code = ended(child)
        errors.seek(0)
        said = errors.read().decode(errors="replace")
        faults = []
        if code is None:
            faults.append("hangs")
        elif point != NOWHERE and injector.place and code != 130:
            faults.append({0: "lost", LEFT_BEHIND: "leaves a thread"}.get(code, f"exit {code}"))
        if said.strip():
            faults.append(f"says {said.splitlines()[-1]!r}")
        if any(one.name.startswith(".gil-demo") for one in Path(folder).iterdir()):
            faults.append("leaves a draft")
        if not all_gone():
            faults.append("leaves a process")
    return ", ".join(faults), injector.place, injector_lines(injector)


def injector_lines(injector: Injector) -> int:
    """Return how many lines the child ran."""
    return int(struct.unpack_from("q", injector.shared, 0)[0])


def ended(child: int) -> int | None:
    """Wait for a child's exit code; None if it must be killed."""
    limit = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < limit:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def all_gone() -> bool:
    """Wait until nothing that the child started is left: orphans become children of this."""
    limit = time.monotonic() + SETTLING_SECONDS
    while time.monotonic() < limit:
        try:
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                time.sleep(0.005)
        except ChildProcessError:
            return True
    return False


@contextmanager
def warm(arguments: Sequence[str]) -> Iterator[None]:
    """Load what the command loads, so that the points lie in its own work."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    for module in ("gil_demo.api", "gil_demo.gallery.registry", "gil_demo.tour.walk"):
        __import__(module)
    with suppress(SystemExit), redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        sys.argv = ["gil-demo", "--help"]
        main()
    yield


def interrupted(arguments: Sequence[str], points: int, seed: int = 0) -> tuple[int, Counter[str]]:
    """Interrupt a command at that many points; return how many were reached, and the faults."""
    faults: Counter[str] = Counter()
    reached = 0
    with warm(arguments):
        wrong, _, lines = one(arguments, NOWHERE)
        if wrong:
            faults[f"without any interrupt: {wrong}"] += 1
        step = max(1, lines // points)
        chosen = random.Random(seed)
        for number in range(points):
            point = 1 + (number * lines // points + chosen.randrange(step)) % lines
            wrong, place, _ = one(arguments, point)
            reached += bool(place)
            if wrong:
                faults[f"{wrong} at {place}"] += 1
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
