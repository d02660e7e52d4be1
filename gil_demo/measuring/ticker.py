"""The ticker: a pure-Python thread that does nothing but note the time.

It stands for everything else that a program has to do meanwhile: answer a
request, redraw a window, serve Ctrl-C. It can tick only while it is attached: with a GIL,
only while it has that.
"""

import threading
import time
from array import array
from typing import Self

import numpy as np
from numpy.typing import NDArray

from gil_demo.interrupts import tidies
from gil_demo.results.run import Stretch

FIRST_TICK_POLL_SECONDS = 0.0005


class Ticker:
    """Ticks from entering the ``with`` block, which waits for the first tick, to leaving it.

    With a pause of 0 it ticks as often as it can, and so shows how much time it
    gets; with a longer one it takes hardly any of a core, and so shows when it
    could have run.

    Guarantees:
        Each tick is stamped while the ticker is attached (with a GIL: while it has the GIL), with
        the clock that stamps the kernels' spans. The block begins after the first tick. When it
        has been left the thread has ended, and `ticks` no longer changes; if entering it fails,
        the thread has been told to end. Only the ticker's thread writes to `ticks`, and it does
        nothing between two ticks that could detach it and release the GIL, except for the pause.

    The loop ends when a list is no longer empty. To ask an Event is to call a Python function
    each time round, which takes a good part of the time between two ticks; the truth value
    of a local list takes one instruction.
    """

    def __init__(self, pause_seconds: float = 0.0) -> None:
        """Sleep `pause_seconds` between ticks; with 0, give up the GIL only when asked for it."""
        self._pause_seconds = pause_seconds
        self._ticks = array("q")
        self._stopped: list[bool] = []
        self._thread = threading.Thread(target=self._tick, name="ticker", daemon=True)

    def _tick(self) -> None:
        clock, note, stopped = time.monotonic_ns, self._ticks.append, self._stopped
        if self._pause_seconds:
            while not stopped:
                note(clock())
                time.sleep(self._pause_seconds)
        else:
            while not stopped:
                note(clock())

    def __enter__(self) -> Self:
        try:
            self._thread.start()
            while not self._ticks:
                time.sleep(FIRST_TICK_POLL_SECONDS)
        except BaseException:
            self._stopped.append(True)
            raise
        return self

    @tidies
    def __exit__(self, *_: object) -> None:
        self._stopped.append(True)
        self._thread.join()

    @property
    def ident(self) -> int | None:
        """The ticking thread's `threading.get_ident`."""
        return self._thread.ident

    @property
    def ticks(self) -> NDArray[np.int64]:
        """Return the times of all ticks in order, in nanoseconds; read it after the block."""
        return np.array(self._ticks, dtype=np.int64)


def ticks_inside(ticks: NDArray[np.int64], enter_ns: int, exit_ns: int) -> int:
    """Count the ticks strictly between two moments."""
    after_enter = np.searchsorted(ticks, enter_ns, side="right")
    before_exit = np.searchsorted(ticks, exit_ns, side="left")
    return max(0, int(before_exit - after_enter))


def longest_stall_seconds(ticks: NDArray[np.int64], enter_ns: int, exit_ns: int) -> float:
    """Find the longest gap between two ticks that touches the time between two moments.

    The gap counts whole: it begins at the last tick before and ends at the
    first tick after, so a call that lets nobody tick is a stall at least as
    long as the call.
    """
    first = max(0, int(np.searchsorted(ticks, enter_ns, side="right")) - 1)
    last = int(np.searchsorted(ticks, exit_ns, side="left")) + 1
    gaps = np.diff(ticks[first:last])
    return float(gaps.max()) / 1e9 if gaps.size else (exit_ns - enter_ns) / 1e9


def stretches(ticks: NDArray[np.int64], gap_ns: int) -> tuple[Stretch, ...]:
    """Group the ticks into runs in which no two neighbours are further apart than `gap_ns`."""
    if not ticks.size:
        return ()
    runs = np.split(ticks, np.flatnonzero(np.diff(ticks) > gap_ns) + 1)
    return tuple(Stretch(int(run[0]), int(run[-1]), int(run.size)) for run in runs)
