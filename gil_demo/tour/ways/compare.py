"""One job, done in every way that this interpreter has: add up the same numbers in two halves."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from statistics import median
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gil_demo.errors import Unavailable
from gil_demo.measuring.paired import ratios
from gil_demo.measuring.plan import calibrated_passes
from gil_demo.measuring.race import Arrays, run_race
from gil_demo.measuring.rounds import interleaved
from gil_demo.measuring.spans import peak_inside, wall_seconds
from gil_demo.measuring.switching import nobody_asks
from gil_demo.progress import Progress
from gil_demo.results.numbers import Spread
from gil_demo.tour.ways.crew import Ready, WorkDone, in_threads
from gil_demo.tour.ways.interpreters import in_interpreters
from gil_demo.tour.ways.processes import Part, in_processes, shared

SIZE = 3_000_000
"""Numbers: 24 MB. Adding up half of them in Python takes tens of milliseconds."""

ROUNDS = 5
"""How often each way does the job, once it has started."""

SEED = 1
"""From which the order of the ways in each round is drawn."""

Name = Literal["one", "threads", "one released", "released", "processes", "interpreters"]

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Way:
    """What one way of doing the job took, and whether its sums were right.

    `copy_seconds` is None where nothing had to be copied. `work_seconds` is the median of
    the rounds. `speedup` says how many times as fast it was as one thread that ran the same
    code in the same round, starting and copying left out. `peak_inside` is that of the
    round in which most were inside.
    """

    start_seconds: float
    copy_seconds: float | None
    work_seconds: float
    speedup: Spread
    peak_inside: int
    exact: bool


Found = Way | Unavailable
"""A way, or why this system has it not."""


def numbers() -> Numbers:
    """Make the numbers to add up: integers, so that the sum is exact in any order of adding."""
    return np.arange(SIZE, dtype=np.float64)


def right_sum(array: Numbers) -> int:
    """Compute the sum of such numbers by Gauss's formula; below 2**53, so a float64 holds it."""
    return array.size * (array.size - 1) // 2


def halves(array: Numbers) -> tuple[Part, Part]:
    """Return where the two halves begin and end."""
    return (0, array.size // 2), (array.size // 2, array.size)


def compare(array: Numbers, progress: Progress) -> dict[Name, Found]:
    """Start all ways, and let each do the job once a round, in an order drawn anew.

    All are there from the first round to the last, so that whatever else the machine does
    hits all alike. Nobody is asked to hand over the GIL, and ``sum`` does not release it.
    So where there is a GIL, a thread that has noted when it enters also notes when it
    leaves before another thread does either. Raises `Unavailable` where not even one Python
    thread is available.
    """
    lacks: dict[Name, Unavailable] = {}
    with nobody_asks(), ExitStack() as started:
        ready = _started(array, started, lacks)
        jobs = {name: partial(_work, name, ready[name], lacks) for name in ready}
        rounds = interleaved(jobs, ROUNDS, SEED, progress)
    for name, base in BASES.items():
        if base in lacks:
            lacks.setdefault(name, lacks[base])
    if "one" in lacks:
        raise lacks["one"]
    return {
        name: lacks[name] if name in lacks else _way(name, ready, rounds, right_sum(array))
        for name in BASES
    }


def _started(
    array: Numbers, started: ExitStack, lacks: dict[Name, Unavailable]
) -> dict[Name, Ready]:
    ready: dict[Name, Ready] = {}
    for name, start in STARTS.items():
        try:
            ready[name] = started.enter_context(start(array))
        except Unavailable as lack:
            lacks[name] = lack
    return ready


def _work(name: Name, ready: Ready, lacks: dict[Name, Unavailable]) -> WorkDone:
    """Do the job in one way. A way that failed once gives empty rounds, and is not asked again."""
    if name not in lacks:
        try:
            return ready.work()
        except Unavailable as lack:
            lacks[name] = lack
    return WorkDone((), ())


def _way(
    name: Name, ready: Mapping[Name, Ready], rounds: Sequence[Mapping[Name, WorkDone]], right: int
) -> Way:
    base = BASES[name]
    seconds = [
        {one: wall_seconds(round_[one].spans) / ready[one].passes for one in (name, base)}
        for round_ in rounds
    ]
    return Way(
        start_seconds=ready[name].start_seconds,
        copy_seconds=ready[name].copy_seconds,
        work_seconds=median(one[name] for one in seconds),
        speedup=Spread.of(ratios(seconds, base, name)),
        peak_inside=max(peak_inside(round_[name].spans) for round_ in rounds),
        exact=all(sum(round_[name].totals) == right for round_ in rounds),
    )


def _one_thread(array: Numbers) -> AbstractContextManager[Ready]:
    return in_threads([memoryview(array)])


def _two_threads(array: Numbers) -> AbstractContextManager[Ready]:
    return in_threads([memoryview(array)[begin:end] for begin, end in halves(array)])


def _one_released(array: Numbers) -> AbstractContextManager[Ready]:
    return _released(array, [array])


def _two_released(array: Numbers) -> AbstractContextManager[Ready]:
    return _released(array, [array[begin:end] for begin, end in halves(array)])


@contextmanager
def _released(array: Numbers, parts: Arrays) -> Iterator[Ready]:
    """Run the kernel in threads that release the GIL, and start anew each time.

    A call goes over its numbers several times, because it must last for two to meet.
    """

    def raced(passes: int) -> WorkDone:
        try:
            race = run_race("released", "sum", parts, passes)
        except OSError as error:
            raise Unavailable(f"no thread could be started: {error.strerror}") from error
        return WorkDone(race.spans, race.results)

    passes = calibrated_passes("sum", [array[: array.size // 2]])
    began_ns = time.monotonic_ns()
    entered_ns = min(span.enter_ns for span in raced(1).spans)
    yield Ready((entered_ns - began_ns) / 1e9, lambda: raced(passes), passes=passes)


@contextmanager
def _processes(array: Numbers) -> Iterator[Ready]:
    with shared(array) as (file, copy_seconds), in_processes(file, halves(array)) as ready:
        yield replace(ready, copy_seconds=copy_seconds)


@contextmanager
def _interpreters(array: Numbers) -> Iterator[Ready]:
    with shared(array) as (file, copy_seconds), in_interpreters(file, halves(array)) as ready:
        yield replace(ready, copy_seconds=copy_seconds)


STARTS: Mapping[Name, Callable[[Numbers], AbstractContextManager[Ready]]] = {
    "one": _one_thread,
    "threads": _two_threads,
    "one released": _one_released,
    "released": _two_released,
    "processes": _processes,
    "interpreters": _interpreters,
}
"""The ways, and what makes each ready. Raises `Unavailable`."""

BASES: Mapping[Name, Name] = {
    "one": "one",
    "threads": "one",
    "one released": "one released",
    "released": "one released",
    "processes": "one",
    "interpreters": "one",
}
"""The one thread that runs the same code as each way."""
