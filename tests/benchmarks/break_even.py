"""From what size on do two threads get more done by releasing the GIL?

Two Python threads call the kernel over and over. On tiny arrays a released call
is over before the other thread has woken up, and the two spend their time
passing the GIL to and fro; on large ones they run side by side.
"""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import perf_counter

from cffi import FFI

from gil_demo.measuring.paired import ratios
from gil_demo.measuring.rounds import interleaved
from gil_demo.native import kernels
from gil_demo.results.numbers import Spread
from gil_demo.words import Mode

from .harness import Row, quartiles_of, rounds

MODES: tuple[Mode, ...] = ("held", "released")

SIZES = [2**power for power in range(18)]

TOLD_SIZES = SIZES[::3]
"""The sizes whose ratios the row tells."""

ROUNDS = 11

THREADS = 2

WINDOW_SECONDS = 0.02
"""How long the threads go on calling: four of the interpreter's switch intervals."""


def measure(share: float) -> Iterator[Row]:
    """Calls per second on two threads, released over held, and where that passes 1."""
    times = rounds(ROUNDS, share)
    found = {size: throughput_ratio(size, times) for size in SIZES}
    yield Row(
        "calls per second released over held, 2 threads, 1 element",
        found[1],
        f"{times} rounds of {WINDOW_SECONDS * 1e3:.0f} ms, direct calls of sum",
    )
    yield Row(
        "the same, break-even: from this size on at least 1",
        break_even(found),
        f"sizes up to {SIZES[-1]:,}; median ratios by size: "
        + ", ".join(f"{size:,}: {found[size].median:.2f}" for size in TOLD_SIZES),
        layout="{:,.0f} elements",
    )


def throughput_ratio(size: int, times: int) -> Spread:
    """Calls per second on arrays of that size, released over held."""
    jobs = {mode: partial(calls_per_second, mode, size) for mode in MODES}
    return quartiles_of(ratios(interleaved(jobs, times), "released", "held"))


def break_even(by_size: dict[int, Spread]) -> Spread | None:
    """The smallest size from which on no median is below 1, or None if there is none."""
    found = None
    for size in sorted(by_size, reverse=True):
        if by_size[size].median < 1:
            break
        found = size
    return None if found is None else quartiles_of([found])


def calls_per_second(mode: Mode, size: int) -> float:
    """What all threads together get done within the window, while none has stopped."""
    window = Window(mode, size)
    with ThreadPoolExecutor(THREADS) as pool:
        calls = [pool.submit(window.call_on) for _ in range(THREADS)]
        return sum(one.result() for one in calls) / window.elapsed_seconds()


class Window:
    """A stretch of time in which threads call a kernel as often as they can."""

    def __init__(self, mode: Mode, size: int) -> None:
        """Describe the calls; the window opens when all threads have come."""
        self._call = kernels.direct(mode, "sum")
        self._data = FFI().new("double[]", size)
        self._size = size
        self._calls_a_look = max(1, 10_000 // (100 + size))
        self._gate = threading.Barrier(THREADS, self._open)
        self._opened = 0.0
        self._closed: list[float] = []

    def _open(self) -> None:
        self._opened = perf_counter()

    def call_on(self) -> int:
        """Call until the window closes, looking at the clock every few microseconds."""
        call, data, size, calls_a_look = self._call, self._data, self._size, self._calls_a_look
        calls = 0
        self._gate.wait()
        close = self._opened + WINDOW_SECONDS
        while perf_counter() < close:
            for _ in range(calls_a_look):
                call(data, size)
            calls += calls_a_look
        self._closed.append(perf_counter())
        return calls

    def elapsed_seconds(self) -> float:
        """From the opening until the last thread had stopped."""
        return max(self._closed) - self._opened
