"""The ticker: it ticks only while it can have the GIL, and its ticks tell stalls from gaps."""

import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest
from kernel_calls import SECONDS_LONG
from numpy.typing import NDArray

from gil_demo.host import machine
from gil_demo.measuring import ticker as ticker_module
from gil_demo.measuring.race import run_race
from gil_demo.measuring.ticker import Ticker, longest_stall_seconds, stretches, ticks_inside
from gil_demo.native import kernels
from gil_demo.results.run import Stretch


def ticks(*moments: int) -> NDArray[np.int64]:
    return np.array(moments, dtype=np.int64)


def ticker_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "ticker"]


# Beside a call


@pytest.mark.parametrize("pause_seconds", [0.0, 0.0002])
def test_nobody_ticks_inside_a_held_call(pause_seconds: float) -> None:
    """While a held call is inside, the ticker does not tick once, however often it would."""
    with Ticker(pause_seconds) as ticker:
        races = [run_race("held", "spin", [np.zeros(1000)], 10_000) for _ in range(3)]
    inside = [ticks_inside(ticker.ticks, s.enter_ns, s.exit_ns) for r in races for s in r.spans]
    assert (inside == [0, 0, 0]) == machine.gil_enabled()


@pytest.mark.parametrize("pause_seconds", [0.0, 0.0002])
def test_the_ticker_goes_on_inside_a_released_call(pause_seconds: float) -> None:
    """While a released call is inside, the ticker ticks: the call lasts until it has."""
    kernels.set_cancelled(False)
    call = kernels.Call("released", "spin", np.zeros(1000), SECONDS_LONG)
    with Ticker(pause_seconds) as ticker:
        thread = threading.Thread(target=kernels.run, args=[call])
        thread.start()
        while not call.enter_ns:
            time.sleep(0.001)
        before = len(ticker._ticks)
        while len(ticker._ticks) < before + 10 and not call.exit_ns:
            time.sleep(0.001)
        kernels.set_cancelled(True)
        thread.join()
    assert ticks_inside(ticker.ticks, call.enter_ns, call.exit_ns) >= 10


# The thread


def test_the_ticker_ticks_from_the_beginning_of_its_block_and_stops_at_the_end() -> None:
    """The block begins after the first tick, and after it no thread is left."""
    with Ticker() as ticker:
        began = time.monotonic_ns()
        assert len(ticker_threads()) == 1
    assert ticker_threads() == []
    assert ticker.ticks[0] < began
    assert ticker.ticks[-1] < time.monotonic_ns()
    assert (np.diff(ticker.ticks) >= 0).all()


def test_the_ticker_stops_when_its_block_fails() -> None:
    """An error or Ctrl-C inside the block ends the ticker too."""
    with pytest.raises(KeyboardInterrupt), Ticker():
        raise KeyboardInterrupt
    assert ticker_threads() == []


def test_the_ticker_stops_if_interrupted_before_its_first_tick(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ctrl-C while the first tick is waited for leaves no thread behind that ticks for ever."""
    may_tick = threading.Event()

    def clock() -> int:
        may_tick.wait()
        return 0

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(
        ticker_module, "time", SimpleNamespace(monotonic_ns=clock, sleep=interrupted)
    )
    ticker = Ticker()
    try:
        with pytest.raises(KeyboardInterrupt):
            ticker.__enter__()
        may_tick.set()
        ticker._thread.join(timeout=10)
        assert not ticker._thread.is_alive()
    finally:
        ticker._stopped.append(True)


# What ticks tell


def test_ticks_strictly_between_two_moments_count() -> None:
    """A tick at the very moment of entering or leaving is not inside."""
    assert ticks_inside(ticks(10, 20, 30, 40), 10, 40) == 2
    assert ticks_inside(ticks(10, 20, 30, 40), 9, 41) == 4


def test_several_ticks_at_one_moment_all_count() -> None:
    """Ticks that came within one nanosecond are as many as they are, or none at the edge."""
    assert ticks_inside(ticks(10, 20, 20, 20, 30), 10, 30) == 3
    assert ticks_inside(ticks(10, 20, 20, 20, 30), 20, 25) == 0


@pytest.mark.parametrize("moments", [(), (1, 2), (50, 60), (1, 50)])
def test_no_tick_between_is_none(moments: tuple[int, ...]) -> None:
    """No ticks, or only earlier and later ones: none is inside."""
    assert ticks_inside(ticks(*moments), 10, 40) == 0


def test_a_call_of_no_length_has_no_tick_inside() -> None:
    """A span that ends as it begins contains nothing, not even a tick at that moment."""
    assert ticks_inside(ticks(10, 20, 30), 20, 20) == 0


def test_the_longest_stall_is_the_longest_gap() -> None:
    """Of the gaps between ticks during a call, the longest is the stall."""
    assert longest_stall_seconds(ticks(0, 10, 40, 50, 60), 5, 55) == 30e-9


def test_a_gap_that_only_touches_the_call_counts_whole() -> None:
    """A stall begins at the last tick before the call and ends at the first after it."""
    assert longest_stall_seconds(ticks(0, 100, 900, 1000), 200, 800) == 800e-9
    assert longest_stall_seconds(ticks(0, 500, 600, 1000), 450, 650) == 500e-9


def test_gaps_away_from_the_call_do_not_count() -> None:
    """How long the ticker paused long before or after a call is not that call's doing."""
    assert longest_stall_seconds(ticks(0, 5000, 5010, 5020, 5030, 9999), 5010, 5020) == 10e-9


@pytest.mark.parametrize("moments", [(), (5,), (900,)])
def test_without_two_ticks_the_stall_is_the_call(moments: tuple[int, ...]) -> None:
    """Where no gap can be told, nobody ticked for at least as long as the call."""
    assert longest_stall_seconds(ticks(*moments), 100, 700) == 600e-9


def test_ticks_close_to_each_other_are_one_stretch() -> None:
    """Ticks no further apart than the gap are drawn as one, with how many there were."""
    assert stretches(ticks(0, 10, 20), 10) == (Stretch(0, 20, 3),)


def test_a_longer_gap_divides_stretches() -> None:
    """One nanosecond more than the gap divides; a single tick is a stretch of its own."""
    assert stretches(ticks(0, 10, 21, 50, 55), 10) == (
        Stretch(0, 10, 2),
        Stretch(21, 21, 1),
        Stretch(50, 55, 2),
    )


def test_no_ticks_are_no_stretches() -> None:
    """Where nobody ticked, nothing is drawn."""
    assert stretches(ticks(), 10) == ()


def test_an_interrupt_while_the_ticker_starts_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has the GIL then, so that is when Ctrl-C usually comes."""
    start = threading.Thread.start

    def interrupted(thread: threading.Thread) -> None:
        start(thread)
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    ticker = Ticker()
    with pytest.raises(KeyboardInterrupt):
        ticker.__enter__()
    ticker._thread.join(60)
    assert not ticker._thread.is_alive()
