"""The step about the ways past the GIL: who met, whose sum is right, and what is left behind."""

import inspect
import math
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest

from gil_demo import machine
from gil_demo.tour import crew, interpreters, processes, ways
from gil_demo.tour.crew import Crew, NotToBeHad
from gil_demo.tour.step import Seen, Table
from gil_demo.tour.steps import ways_past as step
from gil_demo.tour.ways import Outcome, Way

ALONE = Way(0.001, None, 0.09, 0.09, 1, True)
TWICE = Way(0.04, 0.01, 0.05, 0.09, 2, True)
NEVER_MET = replace(TWICE, peak_inside=1)
LACK = NotToBeHad("no process could be started: Operation not permitted")
TOO_OLD = NotToBeHad("they came with Python 3.12 (PEP 684)")

FOUND: Mapping[step.Name, Outcome] = {
    "one": ALONE,
    "threads": ALONE,
    "released": replace(TWICE, copy_seconds=None),
    "processes": TWICE,
    "interpreters": TWICE,
}


def judged(*, gil: bool = True, free_threaded: bool = False, **others: Outcome) -> Seen:
    found: Any = {**FOUND, **others}
    return step.judge(found, gil_enabled=gil, free_threaded=free_threaded)


def table(seen: Seen) -> Table:
    (figure,) = seen.figures
    assert isinstance(figure, Table)
    return figure


# What the figures say


def test_processes_and_interpreters_meet() -> None:
    """Where both meet and threads do not, the third answer is borne out."""
    seen = judged()
    assert (seen.state, seen.right) == ("shown", 2)
    assert "two processes and two interpreters" in seen.remarks[2]
    assert "two were in C at once" in seen.remarks[1]
    assert [row[0] for row in table(seen).rows] == list(step.LABELS.values())
    assert table(seen).rows[3] == ("two processes", "40.0", "10.0", "50.0", "1.80x", "2")
    assert table(seen).caption.count("\n") == 0
    assert "this build has one" in table(seen).caption


def test_a_python_without_such_interpreters() -> None:
    """Before 3.12 processes alone show it, and the table says why a row is missing."""
    seen = judged(interpreters=TOO_OLD)
    assert (seen.state, seen.right) == ("shown", 2)
    assert not any("interpreters" in remark for remark in seen.remarks)
    assert "No two interpreters: they came with Python 3.12" in table(seen).caption
    assert len(table(seen).rows) == 4


def test_no_processes_but_interpreters() -> None:
    """Interpreters alone show it as well."""
    seen = judged(processes=LACK)
    assert (seen.state, seen.right) == ("shown", 2)
    assert not any("processes" in remark for remark in seen.remarks)
    assert "Operation not permitted" in table(seen).caption


def test_who_never_met_is_not_said_to_have_met() -> None:
    """Each is told by what it did in this run."""
    seen = judged(interpreters=NEVER_MET, released=NEVER_MET)
    assert (seen.state, seen.right) == ("shown", 2)
    assert seen.remarks[2].startswith("Yes: two processes were inside")
    assert "Two interpreters never met" in seen.remarks[2]
    assert "at once" not in seen.remarks[1]
    assert "interpreters" not in seen.remarks[3]


@pytest.mark.parametrize(
    ("others", "reason"),
    [
        ({"processes": NEVER_MET, "interpreters": NEVER_MET}, "too busy"),
        ({"processes": NEVER_MET, "interpreters": TOO_OLD}, "too busy"),
        ({"processes": LACK, "interpreters": TOO_OLD}, "Operation not permitted"),
        ({"threads": NotToBeHad("no thread could be started: can't")}, "no thread"),
    ],
)
def test_nobody_met(others: Any, reason: str) -> None:
    """Then nothing is claimed, and the step says why."""
    seen = judged(**others)
    assert (seen.state, seen.right) == ("inconclusive", None)
    assert reason in seen.reason
    assert not any(seen.remarks)


def test_two_threads_inside_under_one_gil_must_not_be() -> None:
    """``sum`` keeps the GIL."""
    seen = judged(threads=TWICE)
    assert (seen.state, seen.right) == ("contradicted", None)


@pytest.mark.parametrize("name", FOUND)
@pytest.mark.parametrize("gil", [True, False])
def test_a_wrong_sum_must_not_be(name: step.Name, gil: bool) -> None:
    """All ways add up the same numbers."""
    wrong: Any = {name: replace(TWICE, exact=False)}
    seen = judged(gil=gil, **wrong)
    assert (seen.state, seen.right) == ("contradicted", None)
    assert step.LABELS[name] in seen.reason


def test_without_a_gil_threads_meet_too() -> None:
    """Then more than one answer is right, so none is."""
    seen = judged(gil=False, free_threaded=True, threads=TWICE)
    assert (seen.state, seen.right) == ("inconclusive", None)
    assert "without a GIL" in seen.remarks[0]
    assert table(seen).caption == ""


def test_a_gil_that_was_turned_on() -> None:
    """A build that can do without says that its GIL is on."""
    assert "was turned on" in table(judged(free_threaded=True)).caption


# The job


def test_the_sum_is_exact_in_any_order() -> None:
    """Every partial sum is an integer that a float64 holds."""
    array = np.arange(1000, dtype=np.float64)
    assert ways.right_sum(array) == math.fsum(array)
    assert ways.right_sum(np.broadcast_to(0.0, ways.SIZE)) < 2**53
    begin, end = ways.halves(array)
    assert (begin[0], begin[1], end[1]) == (0, end[0], 1000)


# Nothing is left behind


def left() -> tuple[set[Path], list[threading.Thread], float]:
    """Open files, threads, and the switch interval."""
    return set(Path("/dev/fd").iterdir()), threading.enumerate(), sys.getswitchinterval()


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """No open file, thread or child more than before."""
    before = left()
    yield
    assert left() == before
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


SMALL = np.arange(1000, dtype=np.float64)


def in_small_threads() -> crew.Shift:
    return crew.in_threads([memoryview(SMALL)[:500], memoryview(SMALL)[500:]], 2)


def in_small_processes() -> crew.Shift:
    with processes.shared(SMALL) as (file, _):
        return processes.in_processes(file, ways.halves(SMALL), 2)


def in_small_interpreters() -> crew.Shift:
    with processes.shared(SMALL) as (file, _):
        return interpreters.in_interpreters(file, ways.halves(SMALL), 2)


EVERYWHERE = [in_small_threads, in_small_processes]
if sys.version_info >= (3, 12):
    EVERYWHERE.append(in_small_interpreters)

Start = Callable[[], crew.Shift]
everywhere = pytest.mark.parametrize("start", EVERYWHERE, ids=lambda start: start.__name__)


@everywhere
def test_every_worker_adds_up_its_half(start: Start) -> None:
    """Once at each word; what the stamps say is in order."""
    shift = start()
    assert [one.totals for one in shift.rounds] == [(124_750.0, 374_750.0)] * 2
    assert shift.start_seconds > 0
    stamps = [(span.enter_ns, span.exit_ns) for one in shift.rounds for span in one.spans]
    assert all(enter <= leave for enter, leave in stamps)


@everywhere
@pytest.mark.parametrize("heard", range(4))
def test_ctrl_c_leaves_nothing(start: Start, heard: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is waited for, workers end and pipes are closed."""
    hear, times = Crew.hear, iter(range(heard))

    def interrupted(self: Crew, worker: int) -> list[str]:
        if next(times, None) is None:
            raise KeyboardInterrupt
        return hear(self, worker)

    monkeypatch.setattr(Crew, "hear", interrupted)
    with pytest.raises(KeyboardInterrupt):
        start()


@pytest.mark.parametrize("start", EVERYWHERE[1:], ids=lambda start: start.__name__)
def test_ctrl_c_in_a_terminal_is_for_this_process(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A terminal interrupts a whole group of processes, and the children are of another."""
    popen, groups = subprocess.Popen, []

    def noted(*arguments: Any, **options: Any) -> Any:
        process = popen(*arguments, **options)
        groups.append(os.getpgid(process.pid))
        return process

    monkeypatch.setattr(subprocess, "Popen", noted)
    start()
    assert groups
    assert os.getpgrp() not in groups


@pytest.mark.parametrize("start", EVERYWHERE[1:], ids=lambda start: start.__name__)
def test_a_worker_that_dies_is_a_reason(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for the answers of the dead."""
    monkeypatch.setattr(inspect, "getsource", lambda module: "raise SystemExit(1)")
    with pytest.raises(NotToBeHad, match="ended before"):
        start()


if sys.version_info >= (3, 12):

    def test_an_interpreter_that_fails_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
        """If one fails, the other is not waited for."""
        fails = iter(["import no_such_module"])
        monkeypatch.setattr(
            interpreters,
            "worker_script",
            lambda *given: next(fails, processes.worker_script(*given)),
        )
        with pytest.raises(NotToBeHad, match="ended before"):
            in_small_interpreters()


@pytest.mark.parametrize("start", EVERYWHERE[1:], ids=lambda start: start.__name__)
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
    with pytest.raises(NotToBeHad, match="Operation not permitted"):
        start()


def test_a_thread_that_cannot_be_started_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second may be the one, and then the first is sent home."""
    begin, times = threading.Thread.start, iter([True])

    def refused(thread: threading.Thread) -> None:
        if not next(times, None):
            raise RuntimeError("can't start new thread")
        begin(thread)

    monkeypatch.setattr(threading.Thread, "start", refused)
    with pytest.raises(NotToBeHad, match="can't start new thread"):
        in_small_threads()


def test_pipes_that_cannot_be_opened_are_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that were opened are closed."""
    pipe, times = os.pipe, iter([True] * 3)

    def refused() -> tuple[int, int]:
        if next(times, None):
            return pipe()
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(os, "pipe", refused)
    with pytest.raises(NotToBeHad, match="Too many open files"):
        in_small_threads()


def test_a_worker_that_never_answers_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patience ends."""
    monkeypatch.setattr(crew, "PATIENCE_SECONDS", 0.01)
    monkeypatch.setattr(processes, "worker_script", lambda *_: "import time; time.sleep(60)")
    with pytest.raises(NotToBeHad, match="did not answer"):
        in_small_processes()


def test_a_nameless_file_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system has no memory files, or forbids them, an unlinked file takes their place."""

    def refused(*_: object) -> NoReturn:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(os, "memfd_create", refused, raising=False)
    assert in_small_processes().rounds[0].totals == (124_750.0, 374_750.0)


def test_no_room_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk is told, and no error of the block is mistaken for it."""

    def refused() -> NoReturn:
        raise OSError(28, "No space left on device")

    with pytest.raises(FileNotFoundError), processes.shared(SMALL):
        raise FileNotFoundError
    monkeypatch.setattr(processes, "_nameless_file", refused)
    with pytest.raises(NotToBeHad, match="No space left"), processes.shared(SMALL):
        pass


def test_interpreters_before_3_12_are_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """They would share one GIL."""
    monkeypatch.setattr(sys, "version_info", (3, 11, 7))
    with pytest.raises(NotToBeHad, match=r"Python 3\.12"):
        in_small_interpreters()


def test_a_run_without_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where not even the base can be measured, the step says why."""

    def refused(*_: object) -> NoReturn:
        raise NotToBeHad("no thread could be started: can't start new thread")

    monkeypatch.setattr(ways, "in_threads", refused)
    seen = step.run(lambda done, steps: None)
    assert (seen.state, seen.right, seen.figures) == ("inconclusive", None, ())
    assert len(seen.remarks) == 4


def test_a_real_run() -> None:
    """What noise cannot change: sums are right, and two threads are never inside under a GIL."""
    said: list[tuple[int, int]] = []
    seen = step.run(lambda done, steps: said.append((done, steps)))
    assert said == [(done, 5) for done in range(6)]
    assert seen.state != "contradicted"
    inside = {row[0]: row[-1] for row in table(seen).rows}
    assert inside["one Python thread"] == "1"
    assert {"two processes", "two threads, released C"} <= set(inside)
    assert ("two interpreters" in inside) == (sys.version_info >= (3, 12))
    if machine.gil_enabled():
        assert inside["two Python threads"] == "1"
