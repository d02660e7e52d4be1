"""A race: several threads in one kernel at once, and what becomes of them when it is cut short."""

import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from math import ceil
from typing import get_args

import numpy as np
import pytest
from command_line import Command
from kernel_calls import MODES, SECONDS_LONG

from gil_demo.host import machine
from gil_demo.measuring import race as race_module
from gil_demo.measuring.plan import CALL_SECONDS, calibrated_passes
from gil_demo.measuring.race import Race, run_race
from gil_demo.measuring.spans import mean_inside, peak_inside
from gil_demo.native import kernels
from gil_demo.words import Kernel, Mode

RACES = 10
"""At most: the first in which all calls met is enough."""


MAX_RACES = 30
"""How often calls without a GIL may miss each other on a busy machine."""


@pytest.fixture(scope="module")
def passes() -> int:
    """Passes of `spin` over 1,000 elements that last at least 30 ms."""
    return ceil(calibrated_passes("spin", [np.zeros(1000)]) * 0.03 / CALL_SECONDS)


@pytest.fixture(autouse=True)
def no_thread_left() -> None:
    """Every test here begins with the threads that it should end with."""
    assert set(threading.enumerate()) == {threading.main_thread()}


def assert_no_thread_is_left() -> None:
    for thread in threading.enumerate():
        if thread is not threading.main_thread():
            thread.join(timeout=10)
    assert threading.enumerate() == [threading.main_thread()]


def spun(mode: Mode, threads: int, passes: int) -> Race:
    return run_race(mode, "spin", [np.zeros(1000)] * threads, passes)


# Who was inside


@pytest.mark.parametrize("threads", [2, 4])
def test_held_calls_are_inside_one_at_a_time(threads: int, passes: int) -> None:
    """With the GIL held, at most one call is inside; without a GIL, holding it keeps nobody out."""
    races = (spun("held", threads, passes) for _ in range(MAX_RACES))
    if machine.gil_enabled():
        race = next(races)
        assert peak_inside(race.spans) == 1
        assert mean_inside(race.spans) == 1.0
    else:
        assert any(peak_inside(race.spans) == threads for race in races)


@pytest.mark.parametrize("mode", ["released", "native"])
@pytest.mark.parametrize("threads", [2, 4])
def test_other_calls_are_all_inside_at_once(mode: Mode, threads: int, passes: int) -> None:
    """With the GIL released, or without Python, all calls are inside at one moment.

    Others can keep a thread from its core until the rest are done, but not in every race.
    """
    races = (spun(mode, threads, 2 * passes) for _ in range(RACES))
    assert any(peak_inside(race.spans) == threads for race in races)


@pytest.mark.parametrize("mode", MODES)
def test_a_race_tells_each_thread_in_turn(mode: Mode) -> None:
    """Spans and results come in the order of the arrays, and threads are numbered from 1."""
    arrays = [np.full(10, float(number)) for number in range(1, 6)]
    race = run_race(mode, "sum", arrays, 1)
    assert race.results == (10.0, 20.0, 30.0, 40.0, 50.0)
    assert [(span.gil, span.thread) for span in race.spans] == [(mode, n) for n in range(1, 6)]
    assert all(0 < span.enter_ns < span.exit_ns for span in race.spans)
    assert race.cpu_seconds > 0


@pytest.mark.parametrize("kernel", get_args(Kernel))
def test_every_mode_computes_the_same(kernel: Kernel) -> None:
    """Held, released or native, alone or among others: one array gives one result."""
    numbers = np.random.default_rng(1).random(10_001)
    results = {
        result
        for mode in MODES
        for threads in (1, 3)
        for result in run_race(mode, kernel, [numbers.copy() for _ in range(threads)], 2).results
    }
    assert len(results) == 1


def test_races_do_not_run_beside_each_other() -> None:
    """Two races asked for at once run one after the other: neither measures the other."""
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(spun, "released", 2, 2000) for _ in range(4)]
        races = [future.result().spans for future in asked]
    races.sort(key=lambda spans: min(span.enter_ns for span in spans))
    for one, next_one in pairwise(races):
        assert max(span.exit_ns for span in one) <= min(span.enter_ns for span in next_one)


# Cut short


@pytest.mark.parametrize("mode", MODES)
def test_an_unsuitable_array_is_refused_before_anything_runs(
    mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One array of several that C must not be given, and no thread is started for any."""
    monkeypatch.setattr(race_module, "_run_together", pytest.fail)
    with pytest.raises(kernels.UnsuitableArray):
        run_race(mode, "sum", [np.ones(3), np.ones(3, np.float32)], 1)


def interrupted_once(run: Callable[..., None]) -> Callable[..., None]:
    """The same, but the first to come there presses Ctrl-C."""
    first = threading.Lock()

    def run_after_interrupt(*arguments: object) -> None:
        if first.acquire(blocking=False):
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        run(*arguments)

    return run_after_interrupt


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("mode", MODES)
def test_an_interrupt_ends_every_call(mode: Mode, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the middle of a race comes through, tells all calls to end, and leaves none."""
    told: list[bool] = []
    tell = kernels.set_cancelled

    def noted(raised: bool) -> None:
        told.append(raised)
        tell(raised)

    monkeypatch.setattr(kernels, "set_cancelled", noted)
    for name in ("run", "run_on_native_threads"):
        monkeypatch.setattr(kernels, name, interrupted_once(getattr(kernels, name)))
    with pytest.raises(KeyboardInterrupt):
        spun(mode, 3, SECONDS_LONG // 100 if mode == "held" else SECONDS_LONG)
    assert told == [False, True]
    assert_no_thread_is_left()


@pytest.mark.parametrize("mode", MODES)
def test_a_race_after_an_interrupted_one_is_complete(
    mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What ended one race early does not touch the next: it computes everything."""

    def failing(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setattr(kernels, "run", failing)
        broken.setattr(kernels, "run_on_native_threads", failing)
        with pytest.raises(ZeroDivisionError):
            spun(mode, 2, 1)
    assert run_race(mode, "sum", [np.ones(100)] * 2, 1).results == (100.0, 100.0)


def test_an_error_on_one_thread_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error on one thread is the error of the race, and the others have ended by then."""
    real_run, first = kernels.run, threading.Lock()

    def failing_once(call: kernels.Call) -> None:
        if first.acquire(blocking=False):
            raise ZeroDivisionError("the first of them")
        real_run(call)

    monkeypatch.setattr(kernels, "run", failing_once)
    with pytest.raises(ZeroDivisionError, match="the first of them"):
        spun("released", 3, 1000)
    assert_no_thread_is_left()


@pytest.mark.parametrize("available", [0, 2])
def test_too_few_threads_are_an_error(available: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the system gives fewer threads than asked for, none is left waiting for the rest."""
    given: list[threading.Thread] = []
    real_start = threading.Thread.start

    def start(thread: threading.Thread) -> None:
        if len(given) == available:
            raise RuntimeError("can't start new thread")
        given.append(thread)
        real_start(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(OSError, match="cannot start 4 threads"):
        spun("released", 4, 1)
    assert len(given) == available
    assert_no_thread_is_left()


FORKED_WHILE_RACING = """
import os, signal, threading
import gil_demo
from gil_demo.measuring import race
begun = threading.Event()
kept = race.kernels.run
def run(call):
    begun.set()
    kept(call)
race.kernels.run = run
racing = threading.Thread(target=lambda: gil_demo.race(rounds=20, sections=["scaling"]))
racing.start()
begun.wait()
child = os.fork()
if child == 0:
    signal.alarm(60)
    gil_demo.race(rounds=1, threads=(1,), sections=["scaling"])
    os._exit(0)
print(os.waitpid(child, 0)[1], flush=True)
os._exit(0)
"""


def test_a_child_that_was_forked_during_a_race_can_race(python: Command) -> None:
    """It has none of the threads that race, and must not wait for them."""
    assert python(FORKED_WHILE_RACING).stdout == "0\n"
