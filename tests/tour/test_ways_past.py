"""The step about the ways past the GIL: who met, whose sum is right, and what is left behind."""

import inspect
import math
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
from rich.console import Console

from gil_demo.errors import Unavailable
from gil_demo.host import machine
from gil_demo.measuring.switching import UNASKED_SECONDS
from gil_demo.report.tour import SeenPage
from gil_demo.results.lesson import Cell, Seen, Table
from gil_demo.results.numbers import Spread
from gil_demo.results.run import Span
from gil_demo.tour import lesson
from gil_demo.tour.steps import ways_past as step
from gil_demo.tour.ways import compare, crew, interpreters, processes
from gil_demo.tour.ways.compare import Found, Name, Way
from gil_demo.tour.ways.crew import Crew, Ready, WorkDone

ALONE = Way(0.001, None, 0.09, Spread(1.0, 1.0, 1.0), 1, True)
TWICE = Way(0.04, 0.01, 0.05, Spread(1.8, 1.5, 1.9), 2, True)
NEVER_MET = replace(TWICE, peak_inside=1)
LACK = Unavailable("no process could be started: Operation not permitted")
TOO_OLD = Unavailable("they came with Python 3.12 (PEP 684)")

FOUND: Mapping[Name, Found] = {
    "one": ALONE,
    "threads": replace(ALONE, speedup=Spread(1.0, 0.9, 1.1)),
    "one released": replace(ALONE, work_seconds=0.0031),
    "released": replace(TWICE, copy_seconds=None),
    "processes": TWICE,
    "interpreters": TWICE,
}


def judged(*, gil: bool = True, free_threaded: bool = False, **others: Found) -> Seen:
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
    rows = {row[0]: row[1:] for row in table(seen).rows}
    assert list(rows) == [step.LABELS[name] for name in FOUND if name != "one released"]
    assert rows["two processes"] == (
        *(Cell(40.0, "ms", 1), Cell(10.0, "ms", 1), Cell(50.0, "ms", 1)),
        *(Cell(1.8, "x", 2, 1.5, 1.9), Cell(2)),
    )
    assert rows["one Python thread"][1] is None
    assert rows["one Python thread"][3] == Cell(1.0, "x", 2)
    assert "a free-threaded build, 3.14t or later" in table(seen).caption


def test_what_each_is_compared_with() -> None:
    """Released C is compared with C, and what that took in one thread is told."""
    caption = table(judged()).caption
    assert "over one thread, same code (C: 3.1 ms)" in caption
    lacking: Any = {"one released": LACK, "released": LACK}
    caption = table(judged(**lacking)).caption
    assert "same code." in caption
    assert "No two threads, released C:" in caption
    assert "No one thread" not in caption


def test_what_two_threads_did_is_told_as_seen() -> None:
    """Spans are what was measured, and waiting is not."""
    remark = judged().remarks[0]
    assert "never overlapped" in remark
    assert "wait" not in remark


def test_the_page_fits_a_projector() -> None:
    """It has 24 rows of 80 columns, and the keys take two rows."""
    (this,) = (one for one in lesson.load_all() if one.name == "ways-past")
    screen = StringIO()
    console = Console(file=screen, width=80, force_terminal=True, color_system=None, _environ={})
    console.print(SeenPage(this, judged(), 2))
    assert len(screen.getvalue().splitlines()) <= 22
    assert "Left out" not in screen.getvalue()


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
        ({"threads": Unavailable("no thread could be started: can't")}, "no thread"),
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
def test_a_wrong_sum_must_not_be(name: Name, gil: bool) -> None:
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
    assert "No row" not in table(seen).caption


def test_a_gil_that_was_turned_on() -> None:
    """A build that can do without says that its GIL is on."""
    assert "was turned on" in table(judged(free_threaded=True)).caption


# The job


def test_the_sum_is_exact_in_any_order() -> None:
    """Every partial sum is an integer that a float64 holds."""
    array = np.arange(1000, dtype=np.float64)
    assert compare.right_sum(array) == math.fsum(array)
    assert compare.right_sum(np.broadcast_to(0.0, compare.SIZE)) < 2**53
    begin, end = compare.halves(array)
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
    monkeypatch.setattr(processes, "_nameless_file", refused)
    with pytest.raises(Unavailable, match="No space left"), processes.shared(SMALL):
        pass


def test_interpreters_before_3_12_are_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """They would share one GIL."""
    monkeypatch.setattr(sys, "version_info", (3, 11, 7))
    with pytest.raises(Unavailable, match=r"Python 3\.12"):
        two_rounds(in_small_interpreters)


# Rounds


def noted(name: Name, seconds: Sequence[float], said: list[str]) -> Any:
    """What starts a made-up way, which takes so long in each round and tells when it worked."""

    @contextmanager
    def start(array: compare.Numbers) -> Iterator[Ready]:
        took = iter(seconds)

        def work() -> WorkDone:
            said.append(name)
            second = next(took, None)
            if second is None:
                raise Unavailable("a worker did not answer")
            return WorkDone((Span("held", 1, 0, round(second * 1e9)),), (compare.right_sum(array),))

        said.append(f"start {name}")
        yield Ready(0.5, work, passes=4 if "released" in name else 1)
        said.append(f"end {name}")

    return start


def compared(
    monkeypatch: pytest.MonkeyPatch, **others: Sequence[float]
) -> tuple[dict[Name, Found], list[str]]:
    """What is made of made-up ways, and when they worked."""
    said: list[str] = []
    took = {name: others.get(name, (1.0,) * compare.ROUNDS) for name in compare.STARTS}
    starts = {name: noted(name, seconds, said) for name, seconds in took.items()}
    monkeypatch.setattr(compare, "STARTS", starts)
    return compare.compare(SMALL, lambda done, steps: None), said


def test_every_round_has_all_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    """All are started before the first round and end after the last; the order differs."""
    _, said = compared(monkeypatch)
    ways_there_are = len(compare.STARTS)
    assert {one.split(" ")[0] for one in said[:ways_there_are]} == {"start"}
    assert {one.split(" ")[0] for one in said[-ways_there_are:]} == {"end"}
    worked = said[ways_there_are:-ways_there_are]
    rounds = [
        tuple(worked[at : at + ways_there_are]) for at in range(0, len(worked), ways_there_are)
    ]
    assert len(rounds) == compare.ROUNDS >= 3
    assert all(set(one) == set(compare.STARTS) for one in rounds)
    assert len(set(rounds)) > 1


def test_nobody_is_asked_for_the_gil(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else two Python threads could be seen inside, one of them with its time up."""
    intervals = []

    @contextmanager
    def watching(*_: object) -> Iterator[Ready]:
        intervals.append(sys.getswitchinterval())
        yield Ready(0.5, lambda: WorkDone((Span("held", 1, 0, 1),), (sys.getswitchinterval(),)))

    monkeypatch.setattr(compare, "STARTS", dict.fromkeys(compare.STARTS, watching))
    found = compare.compare(np.zeros(1), lambda done, steps: None)
    assert set(intervals) == {UNASKED_SECONDS}
    assert set(found) == set(compare.BASES)


def test_a_round_is_compared_with_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that slows down does so for all: what slows both alike changes no speed-up."""
    drifting = {
        "one": (1.0, 2.0, 4.0, 8.0, 16.0),
        "processes": (0.5, 1.0, 2.0, 4.0, 16.0),
        "one released": (0.8, 0.8, 0.8, 0.8, 0.8),
        "released": (0.4, 0.4, 0.4, 0.8, 0.2),
    }
    found, _ = compared(monkeypatch, **drifting)
    speedups = {name: way.speedup for name, way in found.items() if isinstance(way, Way)}
    assert speedups["one"] == Spread(1.0, 1.0, 1.0)
    assert speedups["processes"] == Spread(2.0, 1.0, 2.0)
    assert speedups["released"] == Spread(2.0, 1.0, 4.0)
    assert isinstance(found["one released"], Way)
    assert found["one released"].work_seconds == 0.2


def test_who_fails_in_a_round_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others go on, and what cannot be compared is not told."""
    found, said = compared(monkeypatch, processes=(1.0,), **{"one released": (1.0, 1.0)})
    lacking = {name for name, way in found.items() if isinstance(way, Unavailable)}
    assert lacking == {"processes", "one released", "released"}
    assert said.count("processes") == 2
    assert said.count("interpreters") == compare.ROUNDS
    with pytest.raises(Unavailable, match="did not answer"):
        compared(monkeypatch, one=(1.0,))


def test_no_thread_for_c_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel's threads are started anew in each round."""

    def refused(*_: object) -> NoReturn:
        raise OSError(11, "cannot start 2 threads")

    with compare.STARTS["released"](SMALL) as ready:
        monkeypatch.setattr(compare, "run_race", refused)
        with pytest.raises(Unavailable, match="cannot start 2 threads"):
            ready.work()


def test_a_run_without_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where not even the base can be measured, the step says why."""

    def refused(*_: object) -> NoReturn:
        raise Unavailable("no thread could be started: can't start new thread")

    monkeypatch.setattr(compare, "in_threads", refused)
    seen = step.run(lambda done, steps: None)
    assert (seen.state, seen.right, seen.figures) == ("inconclusive", None, ())


def test_a_real_run() -> None:
    """What noise cannot change: sums are right, and two threads are never inside under a GIL."""
    said: list[tuple[int, int]] = []
    seen = step.run(lambda done, steps: said.append((done, steps)))
    assert [done for done, _ in said] == list(range(said[-1][1] + 1))
    assert seen.state != "contradicted"
    inside = {row[0]: row[-1] for row in table(seen).rows}
    assert inside["one Python thread"] == Cell(1)
    assert {"two processes", "two threads, released C"} <= set(inside)
    assert ("two interpreters" in inside) == (sys.version_info >= (3, 12))
    if machine.gil_enabled():
        assert inside["two Python threads"] == Cell(1)
