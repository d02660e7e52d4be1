"""When a call was inside C, and how it ends before its time."""

import errno
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from subprocess import CompletedProcess
from types import SimpleNamespace

import numpy as np
import pytest
from kernel_calls import MODES, SECONDS_LONG, called, calls_in_progress

from gil_demo.host import machine
from gil_demo.measuring.race import run_race
from gil_demo.native import kernels
from gil_demo.native.kernels import Call
from gil_demo.words import Mode

Command = Callable[..., CompletedProcess[str]]

MAX_RACES = 30
"""How often calls without a GIL may miss each other on a busy machine."""


@pytest.mark.parametrize("mode", MODES)
def test_spans_are_stamped_by_the_clock_of_monotonic_ns(mode: Mode) -> None:
    """A call's span lies between two readings of Python's clock around it, so they compare."""
    before = time.monotonic_ns()
    call = called(mode, "spin", np.zeros(1000), 100)
    after = time.monotonic_ns()
    assert before <= call.enter_ns < call.exit_ns <= after


@pytest.mark.parametrize("mode", MODES)
def test_processor_time_is_that_of_the_call(mode: Mode) -> None:
    """A call's processor time is at least that of its work and at most this process's own."""
    before = time.process_time_ns()
    call = called(mode, "spin", np.zeros(1000), 1000)
    assert 0 < call.cpu_ns <= time.process_time_ns() - before


def test_released_calls_are_inside_together() -> None:
    """Released, no call waits for another to leave: four are inside C at one moment."""
    with calls_in_progress(4) as calls:
        assert [call.exit_ns for call in calls] == [0, 0, 0, 0]
    assert max(call.enter_ns for call in calls) < min(call.exit_ns for call in calls)


def test_python_goes_on_while_a_released_call_is_inside() -> None:
    """Released, a call keeps nobody waiting: this test does something before it ends."""
    with calls_in_progress(1) as (call,):
        noticed = time.monotonic_ns()
        assert call.exit_ns == 0
    assert call.enter_ns < noticed < call.exit_ns


def held_calls_follow_each_other() -> bool:
    """Make four held calls on a thread each, and check whether none began before another's end."""
    calls = [Call("held", "spin", np.zeros(1000), 2000) for _ in range(4)]
    threads = [threading.Thread(target=kernels.run, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    in_order = sorted(calls, key=lambda call: call.enter_ns)
    return all(a.exit_ns <= b.enter_ns for a, b in pairwise(in_order))


def test_a_held_call_is_inside_alone() -> None:
    """Held, a call keeps all others out; without a GIL it does not, where two have a core."""
    if machine.gil_enabled():
        assert held_calls_follow_each_other()
    else:
        assert not all(held_calls_follow_each_other() for _ in range(MAX_RACES))


def test_only_the_released_module_releases_the_gil() -> None:
    """The held module does not even refer to the function that releases the GIL."""
    released = Path(kernels._MODULES["released"].__file__).read_bytes()
    held = Path(kernels._MODULES["held"].__file__).read_bytes()
    for function in (b"PyEval_SaveThread", b"PyEval_RestoreThread"):
        assert function in released
        assert function not in held


def test_cancelling_ends_a_call_in_progress() -> None:
    """A call that would go on for minutes ends after the pass it is in."""
    kernels.set_cancelled(False)
    call = Call("released", "spin", np.zeros(1000), 30 * SECONDS_LONG)
    thread = threading.Thread(target=kernels.run, args=[call], daemon=True)
    thread.start()
    while not call.enter_ns:
        time.sleep(0.001)
    kernels.set_cancelled(True)
    thread.join(timeout=20)
    kernels.set_cancelled(False)
    assert not thread.is_alive()
    assert call.exit_ns > call.enter_ns


@pytest.mark.parametrize("mode", MODES)
def test_a_cancelled_call_makes_no_pass(mode: Mode) -> None:
    """A call that begins after cancelling leaves at once and touches nothing."""
    array = np.ones(1000)
    kernels.set_cancelled(True)
    called(mode, "scale", array, 3)
    kernels.set_cancelled(False)
    assert array.tolist() == [1.0] * 1000


@pytest.mark.parametrize("mode", MODES)
def test_the_next_race_runs_in_full_after_a_cancelled_one(mode: Mode) -> None:
    """Cancelling ends what runs now; the race after it computes everything again."""
    kernels.set_cancelled(True)
    assert run_race(mode, "sum", [np.ones(1000)] * 2, 1).results == (1000.0, 1000.0)


def test_threads_that_the_system_refuses_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the system has no more threads to give, that is said, with how many were wanted."""
    refusing = SimpleNamespace(SUM=0, run_on_native_threads=lambda *_: errno.EAGAIN)
    real = kernels._released.ffi
    monkeypatch.setattr(kernels, "_released", SimpleNamespace(ffi=real, lib=refusing))
    with pytest.raises(OSError, match="cannot start 2 native threads") as refusal:
        kernels.run_on_native_threads([Call("native", "sum", np.ones(10), 1) for _ in range(2)])
    assert refusal.value.errno == errno.EAGAIN


def test_the_compiler_is_known() -> None:
    """The C says which compiler built it, with a version."""
    assert any(character.isdigit() for character in kernels.compiler())
