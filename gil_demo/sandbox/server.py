"""The process that forks a child for every run: warm, single-threaded, and gone with its parent.

It reads one request a line from standard input and writes one answer a line to standard
output. Everything that a pattern needs is loaded once, so a child costs a fork rather than
an import of NumPy.

Guarantees:
    - One child at a time, and an answer for each, however the child ends.
    - No child, and no process that a child started, is left when an answer is written.
    - When standard input ends, or the parent dies, so do this process and its child.
    - It has no threads, so that a fork copies no lock that a thread holds.
"""

import contextlib
import faulthandler
import gc
import json
import os
import resource
import select
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from io import TextIOWrapper
from pathlib import Path
from typing import IO

from gil_demo.files import nameless_file
from gil_demo.gallery import registry
from gil_demo.lab.lab import Lab
from gil_demo.lab.memory import Memory
from gil_demo.measuring.switching import USUAL_SECONDS
from gil_demo.native.process import die_with_parent, take_turns_with_others
from gil_demo.results.patterns import Death, Ending, Frame
from gil_demo.sandbox import postmortem, waiting
from gil_demo.words import Cause, Half

TIME_LIMIT_SECONDS = 30.0
"""After this time a run is stopped; it says nothing about the pattern."""

PROCESSOR_SECONDS = 120
"""More processor time than all threads of a half can need in the time limit on four cores."""

STACKS_SECONDS = 1.0
"""How long `faulthandler` may take to write where each thread stands."""

POLL_SECONDS = 0.002

ENCODING = "ascii"
"""Of requests and answers, whatever PYTHONIOENCODING says."""

PACKAGE = Path(__file__).parent.parent

ROOMS = ("lab", "patterns", "gallery/question")
"""Where the Python of a half lies."""


def serve() -> None:
    """Answer requests until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # ignored, no child's end could be read
    take_turns_with_others()
    sys.setswitchinterval(USUAL_SECONDS)
    for stream in (sys.stdin, sys.stdout):
        assert isinstance(stream, TextIOWrapper)
        stream.reconfigure(encoding=ENCODING)
    registry.load_all()
    with contextlib.suppress(BrokenPipeError):  # the process that asked is gone
        print(json.dumps({"ready": True}), flush=True)
        for line in sys.stdin:
            print(json.dumps(_reply(**json.loads(line))), flush=True)


def _reply(name: str, half: Half) -> dict[str, object]:
    """Return how a half ended, or why the system did not let it begin."""
    try:
        return asdict(answer(name, half))
    except OSError as error:
        return {"refused": error.strerror}


def answer(name: str, half: Half) -> Ending:
    """Run one half in a child of its own, and return how it ended."""
    memory = Memory()
    began = time.monotonic()
    with nameless_file() as errors:
        child = os.fork()
        if child == 0:
            _be_the_child(name, half, memory, errors)
        with contextlib.suppress(PermissionError, ProcessLookupError):
            os.setpgid(child, child)  # here and in the child: one of them comes first
        status, stopped = _wait(child, memory, errors)
        ended = time.monotonic()
        errors.seek(0)
        text = errors.read().decode(errors="replace")
    left = postmortem.judge(status, stopped, memory.read(), text, ended)
    if isinstance(left, Death):
        left = replace(left, stacks=tuple(filter(None, map(_of_the_half, left.stacks))))
        if stopped == "time-limit" and not waiting.can_be_seen():
            left = replace(left, error=waiting.UNSEEN)
    return Ending(left, ended - began)


def _be_the_child(name: str, half: Half, memory: Memory, errors: IO[bytes]) -> None:
    """Run the half and exit without interpreter shutdown. Never returns."""
    os.setpgid(0, 0)
    die_with_parent()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _limit_processor_time()
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor, target in ((null, 0), (null, 1), (errors.fileno(), 2)):
        os.dup2(descriptor, target)
    faulthandler.enable(file=2, all_threads=True)
    faulthandler.register(signal.SIGUSR1, file=2, all_threads=True)
    code = 0
    gc.disable()  # without a GIL one would wait for C that waits, attached, for this thread
    try:
        lab = Lab(memory)
        (subject,) = registry.subjects(name)
        lab.leave(subject.run(half, lab))
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    finally:
        sys.stderr.flush()
        os._exit(code)


def _limit_processor_time() -> None:
    """Let the system end this process if the one that watches it gets no turn to do so."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    if hard == resource.RLIM_INFINITY or hard > PROCESSOR_SECONDS:
        resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS))


def _wait(child: int, memory: Memory, errors: IO[bytes]) -> tuple[int, Cause | None]:
    """Return the child's wait status, and why it was stopped, if it was."""
    try:
        watch = waiting.Watch(child)
        status = _poll(
            child,
            TIME_LIMIT_SECONDS,
            lambda: (
                memory.read().expects_deadlock
                and (watch.sees_a_deadlock() or not waiting.can_be_seen())
            ),
        )
        if status is not None:
            return status, None
        stopped: Cause = "deadlock" if watch.seen else "time-limit"
        os.kill(child, signal.SIGUSR1)  # faulthandler writes where each thread stands
        status = _poll(child, STACKS_SECONDS, _settled(errors))
        _kill_group(child)
        return status if status is not None else os.waitpid(child, 0)[1], stopped
    finally:
        _kill_group(child)


def _poll(child: int, seconds: float, enough: Callable[[], bool] = lambda: False) -> int | None:
    """Return the child's wait status, or None once it is `enough`, or the time has passed."""
    limit = time.monotonic() + seconds
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status
        if _input_ended():
            _kill_group(child)
            os._exit(0)
        if enough() or time.monotonic() > limit:
            return None
        time.sleep(POLL_SECONDS)


def _settled(errors: IO[bytes]) -> Callable[[], bool]:
    """Make a function that says whether a file has grown and now grows no more."""
    start = os.fstat(errors.fileno()).st_size
    sizes = [start] * 3

    def settled() -> bool:
        sizes.append(os.fstat(errors.fileno()).st_size)
        return sizes[-1] > start and len(set(sizes[-3:])) == 1

    return settled


def _kill_group(child: int) -> None:
    """End the child and all that it started, as far as they still run."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)


def _input_ended() -> bool:
    """Return whether the parent is gone: it writes nothing while it waits for an answer."""
    readable, _, _ = select.select([sys.stdin], [], [], 0)
    return bool(readable)


def _of_the_half(stack: Sequence[Frame]) -> tuple[Frame, ...]:
    """Return the frames that are the half's own, by their files' names."""
    return tuple(
        replace(frame, file=Path(frame.file).name)
        for frame in stack
        if any(Path(frame.file).is_relative_to(PACKAGE / room) for room in ROOMS)
    )
