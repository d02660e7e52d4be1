"""The price of BEGIN and END: calls on one element, held and released, in many comparisons."""

import time
from functools import partial
from timeit import Timer

import numpy as np

from gil_demo.measuring.paired import fastest
from gil_demo.measuring.rounds import interleaved
from gil_demo.native import kernels
from gil_demo.words import Mode

MODES: tuple[Mode, ...] = ("held", "released")

DUELS = 41
"""Comparisons of held calls with released ones."""

TIMINGS = 5
"""Timings of each in one comparison, interleaved; the fastest counts."""

CALLS = 1000
"""Calls in one timing."""

Duel = dict[Mode, float]
"""The fastest call of each mode in one comparison, in nanoseconds."""


def duels() -> list[Duel]:
    """Time calls on one element by the processor's time, which others cannot take from it."""
    jobs = {mode: partial(_nanoseconds, _timer(mode)) for mode in MODES}
    return [fastest(interleaved(jobs, TIMINGS, seed)) for seed in range(DUELS)]


def _timer(mode: Mode) -> Timer:
    call = kernels.Call(mode, "sum", np.ones(1), 1)
    names = {"function": kernels.direct(mode, "sum"), "call": call}
    return Timer("function(data, 1)", "data = call.struct.data", time.thread_time, names)


def _nanoseconds(timer: Timer) -> float:
    return timer.timeit(CALLS) / CALLS * 1e9
