"""A deadlock rests on what the system tells of the threads, and never on silence alone."""

import os
import signal
import threading
import time
from dataclasses import replace

import pytest

from gil_demo.gallery import registry
from gil_demo.lab.lab import Lab
from gil_demo.results.patterns import Death, Finding
from gil_demo.sandbox import server, waiting
from gil_demo.sandbox.waiting import MIN_TURNS, Look, comparable, waits
from gil_demo.words import Half

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


class Pretending:
    """A subject whose unsafe half expects a deadlock, and then does what it is given."""

    def __init__(self, goes_on: object) -> None:
        """Go on like that afterwards."""
        self.goes_on = goes_on

    def run(self, half: Half, lab: Lab) -> Finding:
        """Say it, and do it."""
        assert half == "unsafe"
        lab.expect_deadlock("each waited for the other")
        self.goes_on()  # type: ignore[operator]  # a function without arguments
        return Finding("ok", "it went on")


def ended(monkeypatch: pytest.MonkeyPatch, goes_on: object) -> Finding | Death:
    """How such a half ends in a child of this process."""
    monkeypatch.setattr(registry, "subjects", lambda name: (Pretending(goes_on),))
    monkeypatch.setattr(server, "_input_ended", lambda: False)
    return server.answer("pretending", "unsafe").left


def sleep() -> None:
    time.sleep(0.6)


def spin() -> None:
    until = time.thread_time() + 0.4
    while time.thread_time() < until:
        pass


def stop() -> None:
    """Be stopped for a while, by a child that goes on."""
    me = os.getpid()
    if os.fork() == 0:
        os.kill(me, signal.SIGSTOP)
        time.sleep(0.6)
        os.kill(me, signal.SIGCONT)
        os._exit(0)
    time.sleep(0.05)
    os.wait()


@pytest.mark.parametrize("goes_on", [sleep, spin, stop])
def test_silence_is_no_deadlock(monkeypatch: pytest.MonkeyPatch, goes_on: object) -> None:
    """Whoever sleeps, computes or is stopped goes on later, whatever the half has said."""
    assert ended(monkeypatch, goes_on) == Finding("ok", "it went on")


def test_a_lock_that_nobody_releases_is_a_deadlock(monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends as a deadlock, and says what the half had said."""
    lock = threading.Lock()

    def wait() -> None:
        lock.acquire()
        lock.acquire()

    left = ended(monkeypatch, wait)
    assert isinstance(left, Death)
    assert (left.outcome, left.cause) == ("deadlock", "deadlock")
    assert left.note == "each waited for the other"


def test_without_proc_there_is_no_evidence(monkeypatch: pytest.MonkeyPatch) -> None:
    """The half is unfinished, and the reason is told."""
    monkeypatch.setattr(waiting, "can_be_seen", lambda: False)
    left = ended(monkeypatch, sleep)
    assert isinstance(left, Death)
    assert (left.outcome, left.error) == ("unfinished", waiting.UNSEEN)
