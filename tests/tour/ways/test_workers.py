"""The workers of each way: what they add up, and that they leave nothing behind."""

import inspect
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NoReturn

import numpy as np
import pytest

from gil_demo.errors import Unavailable
from gil_demo.tour.ways import compare, crew, interpreters, processes
from gil_demo.tour.ways.crew import Crew, Ready, WorkDone

pytestmark = pytest.mark.usefixtures("nothing_is_left")

SMALL = np.arange(1000, dtype=np.float64)


@contextmanager
def in_small_threads() -> Iterator[Ready]:
    with crew.in_threads([memoryview(SMALL)[:500], memoryview(SMALL)[500:]]) as ready:
        yield ready


@contextmanager
def in_small_processes() -> Iterator[Ready]:
    with (
        processes.shared(SMALL) as (file, _),
        processes.in_processes(file, compare.halves(SMALL)) as ready,
    ):
        yield ready


@contextmanager
def in_small_interpreters() -> Iterator[Ready]:
    with (
        processes.shared(SMALL) as (file, _),
        interpreters.in_interpreters(file, compare.halves(SMALL)) as ready,
    ):
        yield ready


Start = Callable[[], AbstractContextManager[Ready]]


def two_rounds(start: Start) -> tuple[Ready, list[WorkDone]]:
    """Two words to the same workers."""
    with start() as ready:
        return ready, [ready.work() for _ in range(2)]


EVERYWHERE: list[Start] = [in_small_threads, in_small_processes]
if sys.version_info >= (3, 12):
    EVERYWHERE.append(in_small_interpreters)

everywhere = pytest.mark.parametrize("start", EVERYWHERE, ids=lambda start: start.__name__)
in_children = pytest.mark.parametrize("start", EVERYWHERE[1:], ids=lambda start: start.__name__)


@everywhere
def test_every_worker_adds_up_its_half(start: Start) -> None:
    """Once at each word; what the stamps say is in order."""
    ready, rounds = two_rounds(start)
    assert [one.totals for one in rounds] == [(124_750.0, 374_750.0)] * 2
    assert ready.start_seconds > 0
    stamps = [(span.enter_ns, span.exit_ns) for one in rounds for span in one.spans]
    assert all(enter <= leave for enter, leave in stamps)


@everywhere
def test_an_error_among_the_rounds_leaves_nothing(start: Start) -> None:
    """Nor is it mistaken for a lack of this system."""

    def fail_among_them() -> None:
        with start() as ready:
            ready.work()
            raise RuntimeError("in between")

    with pytest.raises(RuntimeError, match="in between") as raised:
        fail_among_them()
    assert raised.type is RuntimeError


@everywhere
@pytest.mark.parametrize("heard", range(4))
def test_ctrl_c_leaves_nothing(start: Start, heard: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is waited for, workers end and pipes are closed."""
    read, times = Crew.read_answer, iter(range(heard))

    def interrupted(self: Crew, worker: int) -> list[str]:
        if next(times, None) is None:
            raise KeyboardInterrupt
        return read(self, worker)

    monkeypatch.setattr(Crew, "read_answer", interrupted)
    with pytest.raises(KeyboardInterrupt):
        two_rounds(start)


@in_children
def test_ctrl_c_in_a_terminal_is_for_this_process(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C in a terminal is for this process, and cores are shared out as in this process.

    A terminal interrupts a whole group of processes, and the children are of another. They
    are of this session, because Linux shares out the cores among sessions. When they are
    dismissed, they end by themselves.
    """
    popen, children = subprocess.Popen, []
    groups, sessions = set(), set()

    def noted(*arguments: Any, **options: Any) -> Any:
        process = popen(*arguments, **options)
        children.append(process)
        groups.add(os.getpgid(process.pid))
        sessions.add(os.getsid(process.pid))
        return process

    monkeypatch.setattr(subprocess, "Popen", noted)
    two_rounds(start)
    assert len(groups) == len(children) > 0
    assert os.getpgrp() not in groups
    assert sessions == {os.getsid(0)}
    assert {child.returncode for child in children} == {0}


@in_children
def test_a_worker_that_dies_is_a_reason(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for the answers of the dead."""
    monkeypatch.setattr(inspect, "getsource", lambda module: "raise SystemExit(1)")
    with pytest.raises(Unavailable, match="ended before"):
        two_rounds(start)


if sys.version_info >= (3, 12):

    def test_an_interpreter_that_fails_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
        """If one fails, the other is not waited for."""
        fails = iter(["import no_such_module"])
        monkeypatch.setattr(
            interpreters,
            "worker_script",
            lambda *given: next(fails, processes.worker_script(*given)),
        )
        with pytest.raises(Unavailable, match="ended before"):
            two_rounds(in_small_interpreters)


@in_children
def test_a_process_that_cannot_be_started_is_a_reason(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second may be the one, and then the first is ended."""
    popen, times = subprocess.Popen, iter([True] if start is in_small_processes else [])

    def refused(*arguments: Any, **options: Any) -> Any:
        if next(times, None):
            return popen(*arguments, **options)
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(subprocess, "Popen", refused)
    with pytest.raises(Unavailable, match="Operation not permitted"):
        two_rounds(start)


def test_a_thread_that_cannot_be_started_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second may be the one, and then the first is sent home."""
    begin, times = threading.Thread.start, iter([True])

    def refused(thread: threading.Thread) -> None:
        if not next(times, None):
            raise RuntimeError("can't start new thread")
        begin(thread)

    monkeypatch.setattr(threading.Thread, "start", refused)
    with pytest.raises(Unavailable, match="can't start new thread"):
        two_rounds(in_small_threads)


def test_pipes_that_cannot_be_opened_are_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that were opened are closed."""
    pipe, times = os.pipe, iter([True] * 3)

    def refused() -> tuple[int, int]:
        if next(times, None):
            return pipe()
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(os, "pipe", refused)
    with pytest.raises(Unavailable, match="Too many open files"):
        two_rounds(in_small_threads)


def test_a_worker_that_never_answers_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patience ends."""
    monkeypatch.setattr(crew, "PATIENCE_SECONDS", 0.01)
    monkeypatch.setattr(processes, "worker_script", lambda *_: "import time; time.sleep(60)")
    with pytest.raises(Unavailable, match="did not answer"):
        two_rounds(in_small_processes)


def test_a_nameless_file_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system has no memory files, or forbids them, an unlinked file takes their place."""

    def refused(*_: object) -> NoReturn:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(os, "memfd_create", refused, raising=False)
    _, rounds = two_rounds(in_small_processes)
    assert rounds[0].totals == (124_750.0, 374_750.0)


def test_no_room_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk is told, and no error of the block is mistaken for it."""

    def refused() -> NoReturn:
        raise OSError(28, "No space left on device")

    with pytest.raises(FileNotFoundError), processes.shared(SMALL):
        raise FileNotFoundError
    monkeypatch.setattr(processes, "nameless_file", refused)
    with pytest.raises(Unavailable, match="No space left"), processes.shared(SMALL):
        pass


def test_interpreters_before_3_12_are_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """They would share one GIL."""
    monkeypatch.setattr(sys, "version_info", (3, 11, 7))
    with pytest.raises(Unavailable, match=r"Python 3\.12"):
        two_rounds(in_small_interpreters)
