"""Ctrl-C: never lost, never mistaken for something else, and never in the middle of tidying up.

Python's own handler raises KeyboardInterrupt wherever the program is. That is not enough: an
exception in a weak reference's callback, in ``__del__``, or while some C module loads is
dropped; one in ``Condition.wait`` comes out as RuntimeError; one at the first line of an
``__exit__`` leaves everything as it was. https://docs.python.org/3/library/signal.html#handlers-and-exceptions
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import CodeType, FrameType
from typing import TypeVar

from gil_demo.exit_codes import INTERRUPTED

Function = TypeVar("Function", bound=Callable[..., object])

FATAL = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
"""The signals by which people, terminals and systems end a program."""

_tidying: set[CodeType] = set()


def tidies(function: Function) -> Function:
    """Mark a function that ends something: an interrupt waits until it has done so."""
    _tidying.add(function.__code__)
    return function


def exit_at_once(number: int, frame: FrameType | None) -> None:
    """Handle Ctrl-C where there is nothing to tidy up: while modules load, or text is made."""
    os._exit(INTERRUPTED)


class Interrupt:
    """A handler of SIGINT, which knows whether one came."""

    came = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Raise KeyboardInterrupt, unless the program is just tidying up."""
        self.came = True
        while frame:
            if frame.f_code in _tidying:
                return
            frame = frame.f_back
        raise KeyboardInterrupt

    def check(self) -> None:
        """Raise KeyboardInterrupt if one came, wherever the first exception went."""
        if self.came:
            raise KeyboardInterrupt


@contextmanager
def interrupts_caught() -> Iterator[Callable[[], None]]:
    """Make Ctrl-C an exception in this block: it has threads, children or a terminal to restore.

    When one came, the block ends with KeyboardInterrupt, whatever else it would have ended
    with. It gets what to call now and then, so that it ends soon even where the exception was
    dropped. A program that ignores SIGINT, or handles it in its own way, keeps that.
    """
    previous = signal.getsignal(signal.SIGINT)
    ours = previous in (signal.default_int_handler, exit_at_once) or isinstance(previous, Interrupt)
    if not ours or threading.current_thread() is not threading.main_thread():
        yield lambda: None
        return
    interrupt = previous if isinstance(previous, Interrupt) else Interrupt()
    report = sys.unraisablehook

    def silent(dropped: "sys.UnraisableHookArgs") -> None:
        if not issubclass(dropped.exc_type, KeyboardInterrupt):
            report(dropped)

    try:
        sys.unraisablehook = silent
        signal.signal(signal.SIGINT, interrupt)
        yield interrupt.check
    except Exception:
        interrupt.check()
        raise
    finally:
        signal.signal(signal.SIGINT, previous)
        sys.unraisablehook = report
    interrupt.check()


@contextmanager
def interrupts_later() -> Iterator[None]:
    """Keep the signals that end a program waiting until this block is left: it ends soon.

    Not by a mask: the system would give the signal to another thread.
    """
    came: list[int] = []
    before = {}
    try:
        if threading.current_thread() is threading.main_thread():
            for number in FATAL:
                if signal.getsignal(number) not in (signal.SIG_IGN, None):
                    before[number] = signal.signal(number, lambda got, _: came.append(got))
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for late in came:
            signal.raise_signal(late)


for _exit in (ExitStack.__exit__, type(interrupts_later()).__exit__):
    tidies(_exit)
