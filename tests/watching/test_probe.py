"""A probe's answer is what the call does, on any machine under any load."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median

import pytest

import gil_demo
from gil_demo.errors import BadInput
from gil_demo.native import handovers
from gil_demo.results.watching import ProbeResult
from gil_demo.watching.probe import AMBIGUOUS, MAX_HELD_SHARE_TO_RELEASE, probe
from gil_demo.watching.selftest import MAX_ERROR_POINTS, selftest
from gil_demo.watching.statements import numpy_statements

pytestmark = pytest.mark.usefixtures("watchable")


def answered(function: Callable[[], object], calls: int) -> ProbeResult:
    """Probe until there is an answer: on a busy machine there may be none at first."""
    for _ in range(20):
        found = probe(function, calls=calls)
        if found.state != "inconclusive":
            break
    return found


@contextmanager
def rival() -> Iterator[None]:
    """Another thread runs Python in the block, and asks for the GIL again and again."""
    stopped = threading.Event()

    def compete() -> None:
        while not stopped.is_set():
            sum(range(1000))

    thread = threading.Thread(target=compete)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


@pytest.mark.usefixtures("not_made_to_drop")
def test_a_call_that_releases_throughout_releases() -> None:
    """Each call drops the GIL once, and has it only on its ways in and out."""
    found = answered(lambda: handovers.release_gil(0.005), calls=10)
    assert (found.state, found.reason) == ("releases", None)
    assert found.hand_overs == found.calls == 10
    assert found.held_share <= MAX_HELD_SHARE_TO_RELEASE
    assert found.released_seconds >= 10 * 0.005


def test_a_notebook_shows_the_answer() -> None:
    report = gil_demo.probe(lambda: gil_demo.hold_gil(0.02))
    forms = report._repr_mimebundle_()
    assert forms.keys() == {"text/plain", "text/html"}
    assert all("holds the GIL" in text for text in forms.values())


@pytest.mark.usefixtures("not_made_to_drop")
def test_a_call_that_never_drops_the_gil_holds() -> None:
    """There is no hand-over inside, so nothing else can be said of it."""
    found = probe(lambda: handovers.hold_gil(0.005), calls=10)
    assert found.state == "holds"
    assert found.hand_overs == 0
    assert found.held_seconds == found.wall_seconds
    assert 0.005 <= found.longest_hold_seconds < found.wall_seconds


def test_a_call_that_does_both_is_mixed_and_its_longest_hold_told() -> None:
    """The share is that of the held part."""

    def both() -> None:
        handovers.hold_gil(0.004)
        handovers.release_gil(0.006)

    found = answered(both, calls=11)
    assert (found.state, found.reason) == ("mixed", None)
    assert 11 * 0.004 <= found.held_seconds <= found.wall_seconds - 11 * 0.006
    assert found.longest_hold_seconds >= 0.004


def test_a_call_that_is_made_once_has_its_processor_time() -> None:
    """A call of a second is not made again, and its first time is what is told."""
    found = probe(lambda: handovers.hold_gil(1.01))
    assert found.calls == 1
    assert found.own_cpu_seconds > 0.001


def test_python_code_holds_even_if_another_thread_makes_it_switch() -> None:
    """To wait for the GIL is not to release it."""
    with rival():
        for _ in range(20):  # a probe makes threads wait longer before they ask for the GIL
            found = probe(lambda: [number + 1 for number in range(300_000)], calls=60)
            if found.other_threads and found.state != "inconclusive":
                break
    assert found.state == "holds" or found.reason == AMBIGUOUS
    assert found.other_threads >= 1


def test_a_thread_that_waited_already_does_not_make_the_calls_drop_the_gil() -> None:
    """It gets the GIL before the first call, and then asks as seldom as the others."""
    with rival():
        found = [probe(lambda: handovers.hold_gil(0.001), calls=10) for _ in range(15)]
    assert median(one.hand_overs for one in found) == 0


def test_what_threads_started_by_the_call_did_is_told_apart() -> None:
    """The caller waits without the GIL; the thread it started holds it."""

    def start_one() -> None:
        thread = threading.Thread(target=handovers.hold_gil, args=(0.01,))
        thread.start()
        thread.join()

    found = probe(start_one, calls=5)
    assert found.other_threads >= 5  # a thread of the test runner may come, too
    assert found.other_threads_held_seconds >= 0.05
    assert found.held_seconds <= found.wall_seconds - found.other_threads_held_seconds


def test_a_call_that_raises_has_no_answer() -> None:
    """The reason is told; the exception does not come out."""
    found = probe(lambda: 1 / 0)
    assert found.state == "inconclusive"
    assert found.reason == "it raised ZeroDivisionError: division by zero"
    assert not found.releases
    assert not found.holds


def test_a_call_that_exits_has_no_answer() -> None:
    """Nor does it end the program that probes."""
    assert probe(lambda: sys.exit(3)).reason == "it exited (3)"


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_call_that_forks_has_no_answer() -> None:
    """The child that returns from the call ends in silence."""

    def fork() -> None:
        child = os.fork()
        if child:
            os.waitpid(child, 0)

    found = probe(fork, calls=2)
    assert found.state == "inconclusive"
    assert found.reason == "it forked, and a child is not watched"


def test_ctrl_c_ends_a_probe_and_leaves_nothing() -> None:
    """KeyboardInterrupt comes out, and the slots are as before."""
    before = handovers.slots()

    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        probe(interrupted)
    assert handovers.slots() == before
    assert not handovers.running()


def test_a_second_watch_at_the_same_time_is_refused() -> None:
    """A probe within a watched block says so in one line."""
    with gil_demo.watch(), pytest.raises(BadInput, match="a watch is running already"):
        probe(time.time)


def test_the_picture_of_one_call_shows_what_was_held() -> None:
    """Its stretches lie within the call, and cover the held part."""
    found = probe(lambda: handovers.cycles(2_000_000, 2_000_000, True, 3), calls=5)
    assert all(0 <= one.start_ns < one.end_ns <= found.call_ns for one in found.picture)
    covered = sum(one.end_ns - one.start_ns for one in found.picture)
    assert 3 * 2_000_000 <= covered <= found.call_ns - 3 * 2_000_000
    assert len(found.picture) >= 3


def test_the_time_of_a_call_is_that_of_a_typical_one() -> None:
    """All of them hold the GIL throughout; the first, which takes long, stands for none."""
    seconds = iter([0.001, 0.3, 0.001, 0.001, 0.001, 0.001])
    found = probe(lambda: handovers.hold_gil(next(seconds)), calls=5)
    assert found.longest_hold_seconds >= 0.3
    assert found.call_ns < 300_000_000


@pytest.mark.usefixtures("not_made_to_drop")
def test_the_failure_of_an_assertion_tells_the_whole_story() -> None:
    """What pytest shows of the object has the answer and its figures."""
    report = gil_demo.probe(lambda: handovers.hold_gil(0.002), calls=3, name="my_extension.work")
    with pytest.raises(AssertionError, match="releases") as failed:
        assert report.releases
    assert failed
    assert "my_extension.work: holds the GIL (held for 100% of" in repr(report)
    assert "hand-overs: 0 in 3 calls" in repr(report)


def test_every_selftest_row_keeps_the_promise() -> None:
    """The held share of known duty cycles, on this machine, now."""
    rows = list(selftest())
    assert len(rows) == 3 * 11 + 1
    assert [row for row in rows if abs(row.error_points) > MAX_ERROR_POINTS] == []
    assert {row.released_part for row in rows} == {"spinning", "asleep", "none"}


def test_a_statement_of_numpy_is_probed() -> None:
    """The table itself takes seconds, so one row stands for it."""
    (row,) = [one for one in numpy_statements() if one.name == "a.tolist, 1M"]
    assert row.probe().result.state == "holds"
