"""A key of the keyboard, in a terminal that is restored whatever happens."""

import os
import signal
import sys
from collections.abc import Collection
from types import FrameType
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from gil_demo.tour.walk import Move

MOVES: "dict[str, Move]" = {
    "\r": "forward",
    "\n": "forward",
    " ": "forward",
    "n": "forward",
    "\x1b[c": "forward",  # right
    "\x1b[6~": "forward",  # page down, which presenters' remote controls send
    "b": "back",
    "\x7f": "back",
    "\x1b[d": "back",  # left
    "\x1b[5~": "back",  # page up
    "r": "again",
    "s": "skip",
}

QUIT = "q"
READ_MORE = "m"
REDRAW = "\x0c"  # Ctrl-L
SUSPEND = "\x1a"  # Ctrl-Z, which is a key like any other while keys are read one by one

ENDING = (
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGALRM,
)
"""Signals that end the program, but not before it has restored the terminal."""


class Resized(Exception):
    """The terminal has another size now."""


def key_among(known: Collection[str]) -> str:
    """Read the next key of these, or one to quit or to draw the page again.

    A page is drawn again, too, when the terminal has another size.

    Keys that were pressed before are dropped. The terminal is as it was before
    whenever nobody waits for a key. The end of input means to quit.
    """
    waiting = True

    def resized(number: int, _: FrameType | None) -> None:
        if waiting:
            raise Resized

    before = {number: signal.signal(number, _leave) for number in ENDING}
    before[signal.SIGWINCH] = signal.getsignal(signal.SIGWINCH)
    try:
        signal.signal(signal.SIGWINCH, resized)
        while True:
            key = click.getchar().lower()
            if key == SUSPEND:
                os.kill(os.getpid(), signal.SIGTSTP)
                return REDRAW
            if not key:
                return QUIT
            if key in known or key in {QUIT, REDRAW}:
                return key
    except EOFError:
        return QUIT
    except Resized:
        return REDRAW
    finally:
        waiting = False
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(number: int, _: FrameType | None) -> None:
    """Unwind the stack, so that the terminal is restored."""
    sys.exit(128 + number)
