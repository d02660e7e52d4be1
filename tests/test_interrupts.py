"""An interrupt is never lost, never mistaken, and never in the middle of tidying up."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from gil_demo import interrupts
from gil_demo.interrupts import interrupts_caught, interrupts_later, tidies, uninterrupted

pytestmark = pytest.mark.usefixtures("interruptible")


def ctrl_c() -> None:
    """What the terminal sends."""
    os.kill(os.getpid(), signal.SIGINT)


class Dropping:
    """Python drops every exception of its `__del__`."""

    def __del__(self) -> None:
        """Get an interrupt."""
        ctrl_c()


def assert_interrupted(work: Callable[[Callable[[], None]], None]) -> None:
    """The block around some work, which gets what checks, ends with KeyboardInterrupt."""
    with pytest.raises(KeyboardInterrupt), interrupts_caught() as check:
        work(check)


def test_an_interrupt_that_python_drops_ends_the_block(capsys: pytest.CaptureFixture[str]) -> None:
    """In a finaliser, say: nothing is printed, and the block does not end as if nothing was."""
    went_on = []

    def work(_: object) -> None:
        Dropping()
        went_on.append(True)

    assert_interrupted(work)
    assert went_on
    assert capsys.readouterr().err == ""


def test_a_dropped_interrupt_is_found_at_the_next_check() -> None:
    """Long work asks now and then."""

    def work(check: Callable[[], None]) -> None:
        check()
        Dropping()
        check()
        pytest.fail("it went on")

    assert_interrupted(work)


def test_an_interrupt_is_not_mistaken_for_an_error() -> None:
    """As when the lock of a condition is no longer held."""

    def work(_: object) -> None:
        try:
            ctrl_c()
        except KeyboardInterrupt:
            raise RuntimeError("release unlocked lock") from None

    assert_interrupted(work)
    with pytest.raises(RuntimeError, match="another"), interrupts_caught():
        raise RuntimeError("another")


class Kept:
    """Something that has to be put away."""

    put_away = False

    def __enter__(self) -> None:
        """Begin."""

    @tidies
    def __exit__(self, *_: object) -> None:
        ctrl_c()
        self.put_away = True


def test_what_puts_things_away_is_not_cut_short() -> None:
    """The interrupt waits, and then ends the block around."""
    kept = Kept()

    def work(_: object) -> None:
        with kept:
            pass
        assert kept.put_away

    assert_interrupted(work)


def test_blocks_can_be_nested() -> None:
    """The inner one ends, and so does the outer one; then everything is as it was."""
    before = signal.getsignal(signal.SIGINT), sys.unraisablehook

    def work(_: object) -> None:
        with interrupts_caught():
            Dropping()
        pytest.fail("it went on")

    assert_interrupted(work)
    assert (signal.getsignal(signal.SIGINT), sys.unraisablehook) == before


def test_who_handles_interrupts_already_goes_on_doing_so() -> None:
    """Neither a handler of somebody's own nor SIG_IGN is replaced."""
    came = []
    for handler in (lambda *_: came.append(True), signal.SIG_IGN):
        signal.signal(signal.SIGINT, handler)
        with interrupts_caught():
            assert signal.getsignal(signal.SIGINT) is handler
            ctrl_c()
    assert came == [True]


def test_another_thread_may_use_the_block() -> None:
    """Python lets only the main thread handle signals."""
    checked = []

    def use() -> None:
        with interrupts_caught() as check:
            check()
        checked.append(True)

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert checked == [True]


def test_what_ends_something_is_called_though_an_interrupt_comes_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Python's own handler may raise before the interrupt can wait."""
    called = []

    def interrupted() -> AbstractContextManager[None]:
        ctrl_c()
        return interrupts_later()

    monkeypatch.setattr(interrupts, "interrupts_later", interrupted)
    with pytest.raises(KeyboardInterrupt):
        uninterrupted(lambda: called.append(True))()
    assert called == [True]


def test_an_interrupt_waits_until_something_has_ended() -> None:
    """The function runs to its end; with Python's own handler it is then called once more."""
    ended: list[bool] = []

    @uninterrupted
    def end() -> None:
        if not ended:
            ctrl_c()
        ended.append(True)

    with pytest.raises(KeyboardInterrupt):
        end()
    assert ended == [True, True]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_waits_for_the_end_of_a_short_block(number: signal.Signals) -> None:
    """It is not lost: it comes as soon as the block is left."""
    came: list[int] = []
    before = signal.signal(number, lambda got, _: came.append(got))
    try:
        with interrupts_later():
            os.kill(os.getpid(), number)
            time.sleep(0.01)
            assert came == []
        time.sleep(0.01)
        assert came == [number]
    finally:
        signal.signal(number, before)
