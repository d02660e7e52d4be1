"""Does NumPy do it for me?

Idea:
    NumPy is C, and C keeps the GIL until it releases it. NumPy releases the GIL around most
    of its longer loops over plain numbers. Where the elements are Python objects it cannot,
    because using an object requires the GIL. So it depends on the function and on the dtype,
    as with any module written in C. Read its documentation, or put a ticker beside the call:
    while a call keeps the GIL, no other thread can tick.

Question:
    Four calls: np.sort of float64, np.dot of float64 matrices, np.sum over an array of Python
    objects, list.sort of floats. Which of them keep the ticker out?

Answers:
    - All four: they are C, and C keeps the GIL.
    - None of them: a long call into C releases the GIL.
    - np.sum over the objects, and list.sort.
    - Only list.sort: NumPy always releases the GIL.

Remember:
    NumPy releases the GIL for numbers, not for objects. If in doubt, put a ticker beside it.

Misconception:
    NumPy releases the GIL, so threads make any NumPy code parallel. Many operations on
    numbers release it; those on dtype object do not, and neither does the Python code between
    the calls.

Ask:
    A ufunc's loop over 500 elements or fewer keeps the GIL, by NumPy's own choice. Why?

Read more:
    - Thread safety of NumPy: https://numpy.org/doc/stable/reference/thread_safety.html
    - NumPy's macros for releasing the GIL: https://numpy.org/doc/stable/reference/c-api/array.html#threading-support
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from gil_demo import arrays
from gil_demo.host import machine
from gil_demo.measuring.progress import Progress
from gil_demo.measuring.switching import nobody_asks
from gil_demo.measuring.ticker import Ticker, longest_stall_seconds, ticks_inside
from gil_demo.tour.step import Seen, Table

MINUTES = 3

CALL_SECONDS = 0.03
"""How long a call is to last, so that a busy machine lets the ticker in as well."""

PAUSE_SECONDS = 0.0002
"""The ticker sleeps between ticks, so it never keeps the GIL from the call that it watches."""

TRIALS = 3
ROUNDS = 3

Job = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Call:
    """A call to watch: `prepare` makes it ready for a size.

    Its time grows as the size to the power of `growth`; `size` is for a trial, and `most`
    keeps its memory modest.
    """

    name: str
    prepare: Callable[[int], Job]
    size: int
    most: int
    growth: int
    releases: bool


@dataclass(frozen=True, slots=True)
class Watched:
    """What the ticker did during some runs of one call."""

    call: Call
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
    return numbers.sort


CALLS = (
    Call("np.sort, float64", _sort, 200_000, 4_000_000, 1, releases=True),
    Call("np.dot, float64 matrices", _dot, 256, 2_560, 3, releases=True),
    Call("np.sum, array of objects", _sum_of_objects, 100_000, 4_000_000, 1, releases=False),
    Call("list.sort, floats", _list_sort, 50_000, 1_000_000, 1, releases=False),
)


def run(progress: Progress) -> Seen:
    """Put the ticker beside each of the calls, a few times."""
    steps = len(CALLS) * (ROUNDS + 1)
    watched = []
    for index, call in enumerate(CALLS):
        done = index * (ROUNDS + 1)
        progress(done, steps)
        size = lasting_size(call)
        rounds = []
        for number in range(ROUNDS):
            progress(done + number + 1, steps)
            rounds.append(watch(call, size))
        watched.append(_together(rounds))
    progress(steps, steps)
    return judge(watched, gil_enabled=machine.gil_enabled())


def lasting_size(call: Call) -> int:
    """Find the size at which a call takes `CALL_SECONDS` of processor time, if memory allows."""

    def seconds() -> float:
        job = call.prepare(call.size)
        began = time.thread_time()
        job()
        return time.thread_time() - began

    fastest = max(1e-6, min(seconds() for _ in range(TRIALS)))
    factor = max(1.0, CALL_SECONDS / fastest) ** (1 / call.growth)
    return min(call.most, int(call.size * factor))


def watch(call: Call, size: int) -> Watched:
    """Run the ticker beside one call.

    No thread is asked to hand over the GIL meanwhile, and between the two stamps only the
    call could release it. So one tick between them shows that it did.
    """
    job = call.prepare(size)
    with nobody_asks(), Ticker(PAUSE_SECONDS) as ticker:
        enter_ns = time.monotonic_ns()
        job()
        exit_ns = time.monotonic_ns()
        time.sleep(PAUSE_SECONDS)  # for the tick that ends the stall
    ticks = ticker.ticks
    return Watched(
        call,
        ticks_inside(ticks, enter_ns, exit_ns),
        longest_stall_seconds(ticks, enter_ns, exit_ns),
        (exit_ns - enter_ns) / 1e9,
    )


def _together(rounds: Sequence[Watched]) -> Watched:
    return Watched(
        rounds[0].call,
        sum(one.ticks for one in rounds),
        max(one.longest_stall_seconds for one in rounds),
        sorted(one.call_seconds for one in rounds)[len(rounds) // 2],
    )


def judge(watched: Sequence[Watched], *, gil_enabled: bool) -> Seen:
    """Compare the ticks inside the calls with the answers."""
    released = [one for one in watched if one.call.releases]
    held = [one for one in watched if not one.call.releases]
    silent = [one.call.name for one in (released if gil_enabled else watched) if not one.ticks]
    figure = _table(watched, gil_enabled, could_tick=not silent)
    fewest = min(one.ticks for one in watched)
    if silent:
        return Seen(
            "inconclusive",
            None,
            ("",) * 4,
            (figure,),
            f"the machine was too busy to run the ticker beside {_listed(silent)}: again, please",
        )
    if not gil_enabled:
        return Seen(
            "inconclusive",
            None,
            ("", f"Here, yes: {fewest:,} ticks or more fell inside each.", "", ""),
            (figure,),
            "this interpreter runs without a GIL, so no call can keep it from others",
        )
    if any(one.ticks for one in held):
        entered = _listed([one.call.name for one in held if one.ticks])
        return Seen(
            "contradicted",
            None,
            ("",) * 4,
            (figure,),
            f"the ticker ran during a call that works on Python objects ({entered}),"
            " which must not happen",
        )
    sort, dot = released
    objects, _ = held
    stall_ms = min(one.longest_stall_seconds for one in held) * 1e3
    return Seen(
        "shown",
        2,
        (
            f"No: {sort.ticks:,} ticks fell inside np.sort, {dot.ticks:,} inside np.dot.",
            f"No: two of them let the ticker wait for {stall_ms:.0f} ms and more.",
            "Yes: not one tick fell inside. What they add and compare are Python objects.",
            f"No: np.sum is NumPy, and over objects it kept the GIL for"
            f" {objects.call_seconds * 1e3:.0f} ms.",
        ),
        (figure,),
    )


def _table(watched: Sequence[Watched], gil_enabled: bool, could_tick: bool) -> Table:
    return Table(
        header=("call", "ticks inside", "longest stall", "one call", "the GIL"),
        rows=tuple(
            (
                one.call.name,
                f"{one.ticks:,}",
                f"{one.longest_stall_seconds * 1e3:.1f} ms",
                f"{one.call_seconds * 1e3:.0f} ms",
                _what_it_does(one, could_tick) if gil_enabled else "none",
            )
            for one in watched
        ),
        caption=f"Each called {ROUNDS} times. A stall lasts until the ticker has a core again.",
    )


def _what_it_does(one: Watched, could_tick: bool) -> str:
    """Say what the call does with the GIL; no tick says nothing if the ticker could not run."""
    if one.ticks:
        return "releases"
    return "keeps" if could_tick else "?"


def _listed(names: Sequence[str]) -> str:
    return " and ".join(name.partition(",")[0] for name in names)
