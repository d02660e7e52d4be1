"""Calls into NumPy and into Python, and the ticker beside each: does it release the GIL?"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median

import numpy as np

from gil_demo import arrays
from gil_demo.measuring.rounds import interleaved
from gil_demo.measuring.switching import nobody_asks
from gil_demo.measuring.ticker import Ticker, longest_stall_seconds, ticks_inside
from gil_demo.progress import Progress, part
from gil_demo.results.watching import ProbeResult
from gil_demo.watching.probe import probe

CALL_SECONDS = 0.03
"""How long a call is to last, so that a busy machine lets the ticker in as well."""

PAUSE_SECONDS = 0.0002
"""The ticker sleeps between ticks, so it never keeps the GIL from the call that it watches."""

TRIALS = 3
ROUNDS = 3

Job = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Operation:
    """A call to watch: `prepare` makes it ready for a size.

    Its time grows as the size to the power of `growth`; `size` is for a trial, and
    `max_size` keeps its memory modest.
    """

    name: str
    prepare: Callable[[int], Job]
    size: int
    max_size: int
    growth: int
    releases: bool


@dataclass(frozen=True, slots=True)
class Watched:
    """What the ticker did during some calls of one operation."""

    operation: Operation
    ticks: int
    longest_stall_seconds: float
    call_seconds: float


def _sort(size: int) -> Job:
    return partial(np.sort, arrays.make(size, 0))


def _dot(size: int) -> Job:
    matrix = arrays.make(size * size, 0).reshape(size, size)
    return partial(np.dot, matrix, matrix)


def _sum_of_objects(size: int) -> Job:
    return partial(np.sum, np.ones(size, dtype=object))


def _list_sort(size: int) -> Job:
    numbers: list[float] = arrays.make(size, 0).tolist()
    return lambda: numbers.copy().sort()  # sorted already, a list would be sorted in no time


OPERATIONS = (
    Operation("np.sort, float64", _sort, 200_000, 4_000_000, 1, releases=True),
    Operation("np.dot, float64 matrices", _dot, 256, 2_560, 3, releases=True),
    Operation("np.sum, array of objects", _sum_of_objects, 100_000, 4_000_000, 1, releases=False),
    Operation("list.sort, floats", _list_sort, 50_000, 1_000_000, 1, releases=False),
)


def watch_all(progress: Progress) -> list[Watched]:
    """Watch every operation, a few times each, in interleaved rounds."""
    steps = len(OPERATIONS) * (1 + ROUNDS)
    jobs = {}
    for done, operation in enumerate(OPERATIONS):
        progress(done, steps)
        jobs[operation] = partial(watch, operation, lasting_size(operation))
    rounds = interleaved(jobs, ROUNDS, progress=part(progress, len(jobs), steps))
    return [_together([one[operation] for one in rounds]) for operation in OPERATIONS]


def probe_all(progress: Progress) -> list[ProbeResult]:
    """Probe every operation: for how much of its time does it have the GIL?"""
    steps = 2 * len(OPERATIONS)
    found = []
    for index, operation in enumerate(OPERATIONS):
        progress(2 * index, steps)
        job = operation.prepare(lasting_size(operation))
        progress(2 * index + 1, steps)
        found.append(probe(job, calls=ROUNDS, name=operation.name))
    progress(steps, steps)
    return found


def lasting_size(operation: Operation) -> int:
    """Find the size at which a call takes about `CALL_SECONDS` of a core, memory permitting."""

    def seconds() -> float:
        job = operation.prepare(operation.size)
        began = time.thread_time()
        job()
        return time.thread_time() - began

    fastest = max(1e-6, min(seconds() for _ in range(TRIALS)))
    factor = max(1.0, CALL_SECONDS / fastest) ** (1 / operation.growth)
    return min(operation.max_size, int(operation.size * factor))


def watch(operation: Operation, size: int) -> Watched:
    """Run the ticker beside one operation.

    No thread is asked to hand over the GIL meanwhile, and between the two stamps only the
    call could release it. So one tick between them shows that it did.
    """
    job = operation.prepare(size)
    with nobody_asks(), Ticker(PAUSE_SECONDS) as ticker:
        enter_ns = time.monotonic_ns()
        job()
        exit_ns = time.monotonic_ns()
        time.sleep(PAUSE_SECONDS)  # for the tick that ends the stall
    ticks = ticker.ticks
    return Watched(
        operation,
        ticks_inside(ticks, enter_ns, exit_ns),
        longest_stall_seconds(ticks, enter_ns, exit_ns),
        (exit_ns - enter_ns) / 1e9,
    )


def _together(rounds: Sequence[Watched]) -> Watched:
    return Watched(
        rounds[0].operation,
        sum(one.ticks for one in rounds),
        max(one.longest_stall_seconds for one in rounds),
        median(one.call_seconds for one in rounds),
    )
