"""A deadlock rests on what the system tells of the threads, and never on silence alone."""

import json
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from gil_demo.results.patterns import Death, Ending, Finding
from gil_demo.results.reading import read
from gil_demo.sandbox import waiting
from gil_demo.sandbox.waiting import MIN_TURNS, Look, comparable, waits

STILL = Look(asleep=True, stopped=False, sleeps=7, pushed_out=1)
IN_TURNS = replace(STILL, sleeps=STILL.sleeps + MIN_TURNS)


def test_threads_that_sleep_on_locks_wait_for_each_other() -> None:
    """One never ran; the other woke up several times, and went back to sleep."""
    first, last = {1: STILL, 2: STILL}, {1: STILL, 2: IN_TURNS}
    assert comparable(first, last)
    assert waits(first, last)


@pytest.mark.parametrize(
    "other",
    [
        replace(IN_TURNS, asleep=False),  # it runs, or waits for a core, or for a time
        replace(STILL, sleeps=STILL.sleeps + 1),  # it had hardly a chance to go on
        replace(STILL, pushed_out=STILL.pushed_out + 1),
    ],
)
def test_a_thread_that_may_go_on_is_no_deadlock(other: Look) -> None:
    """It is not asleep on a lock, or has had too few turns to show that it stays."""
    assert not waits({1: STILL, 2: STILL}, {1: STILL, 2: other})


def test_a_window_needs_the_same_threads_and_one_that_never_ran() -> None:
    """A stopped thread says nothing, and neither does one that came or went."""
    assert not comparable({}, {})
    assert not comparable({1: STILL}, {1: STILL, 2: STILL})
    assert not comparable({1: STILL}, {1: replace(STILL, stopped=True)})
    assert not comparable({1: STILL}, {1: IN_TURNS})


def test_a_thread_on_its_way_to_the_lock_is_seen_to_wait_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """At the first look it still ran; from the second on it sleeps, and never runs again."""
    running = replace(STILL, asleep=False)
    arrived = replace(STILL, sleeps=STILL.sleeps + 1)
    looks = iter([{1: STILL, 2: running}])
    monkeypatch.setattr(waiting, "threads", lambda _: next(looks, {1: STILL, 2: arrived}).items())
    monkeypatch.setattr(waiting, "WINDOW_SECONDS", 0.01)
    watch = waiting.Watch(1)
    until = time.monotonic() + 10.0
    while not watch.sees_a_deadlock() and time.monotonic() < until:
        time.sleep(waiting.POLL_SECONDS)
    assert watch.seen


def ended(how: str) -> Finding | Death:
    """How a half ends that expects a deadlock, and then does something else."""
    told = subprocess.run(
        [sys.executable, "-m", "tests.sandbox.pretending", how],
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    return read(Ending, json.loads(told)).left


@pytest.mark.parametrize("how", ["sleep", "spin", "stop"])
def test_silence_is_no_deadlock(how: str) -> None:
    """Whoever sleeps, computes or is stopped goes on later, whatever the half has said."""
    assert ended(how) == Finding("ok", "it went on")


def test_a_lock_that_nobody_releases_is_a_deadlock() -> None:
    """It ends as a deadlock, and says what the half had said."""
    left = ended("lock")
    assert isinstance(left, Death)
    assert (left.outcome, left.cause) == ("deadlock", "deadlock")
    assert left.note == "each waited for the other"


def test_without_proc_there_is_no_evidence() -> None:
    """The half is unfinished, and the reason is told."""
    left = ended("unseen")
    assert isinstance(left, Death)
    assert (left.outcome, left.error) == ("unfinished", waiting.UNSEEN)
