"""When not to bother.

Idea:
    A call that releases the GIL must take it back, and a tiny job is over before another
    thread could have used it. A long job is worth it. The gain from a second thread on a
    second core then depends on what the first one waits for. ``sum`` has one accumulator
    and waits for its own additions. ``sum_wide`` has eight, and on a large array it may wait
    for memory, which the cores share: two threads then wait together.

Question:
    C adds up an array of one element, with BEGIN and END around the loop and without. No
    other thread wants the GIL. How long does a call take with them?

Answers:
    - Less time: that is what they are for.
    - The same time: there is nobody to wait for.
    - More time.

Remember:
    Tiny work: do not bother. Long work: release the GIL, and see what it waits for.

Misconception:
    More threads make memory faster. They make the additions faster. Once every thread waits
    for memory, one more core only adds one more waiting thread.

Ask:
    NumPy keeps the GIL for short loops. What would be a fair limit, and how would you find it?

Read more:
    - NumPy's limit: https://numpy.org/doc/stable/reference/c-api/array.html#c.NPY_BEGIN_THREADS_THRESHOLDED
    - What BEGIN and END do: https://docs.python.org/3/c-api/threads.html#detaching-the-thread-state-from-extension-code
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import comb, inf
from statistics import median
from timeit import Timer

import numpy as np
from numpy.typing import NDArray

from gil_demo.host import machine
from gil_demo.measuring.progress import Progress
from gil_demo.measuring.race import Arrays, run_race
from gil_demo.measuring.spans import wall_seconds
from gil_demo.measuring.verdict import WORTH_A_WORD
from gil_demo.native import kernels
from gil_demo.results.host import Environment
from gil_demo.results.numbers import Spread
from gil_demo.tour.step import Seen, Table
from gil_demo.words import Kernel, Mode

MINUTES = 3

DUELS = 41
"""Comparisons of held calls with released ones."""

TIMINGS = 5
"""Timings of each in one comparison, in turn; the fastest counts."""

CALLS = 1000
"""Calls in one timing."""

CHANCE = 0.001
"""If BEGIN and END cost nothing, either call would win a comparison as often as the other. A
count as uneven as chance brings in fewer runs than this is not taken for chance."""

LARGE, SMALL = 16_000_000, 2048
"""Elements: 128 MB, which few machines' caches hold, and 16 KB, which nearly all do."""

Job = tuple[Kernel, int]

NARROW: Job = ("sum", LARGE)
WIDE: Job = ("sum_wide", LARGE)
CACHED: Job = ("sum_wide", SMALL)

JOBS = {NARROW: "sum, 128 MB", WIDE: "sum_wide, 128 MB", CACHED: "sum_wide, 16 KB"}

PASSES = {NARROW: 1, WIDE: 1, CACHED: 25_000}
"""What makes a call last long beside the start of a thread."""

ROUNDS = 9

TRIES = 2
"""Races of each kind in a round; the fastest counts."""

WALL_CHANCE = 0.05
"""As `CHANCE`, for each of the four comparisons that must all say that memory is waited for."""

PATIENCE_SECONDS = 3.0
"""After this no further round is begun: where others take the cores, more would not help."""

MODES: tuple[Mode, ...] = ("released", "native")


@dataclass(frozen=True, slots=True)
class Duel:
    """The fastest held call and the fastest released one of a comparison, in nanoseconds."""

    held: float
    released: float


@dataclass(frozen=True, slots=True)
class Gain:
    """How much faster two threads did a job than one, and how fast one released thread read."""

    speedup: Mapping[Mode, float]
    gigabytes_a_second: float


Round = Mapping[Job, Gain]


def run(progress: Progress) -> Seen:
    """Compare calls on one element, then measure what a second thread gains in three jobs."""
    meter = machine.BusyMeter()
    steps = 1 + len(JOBS) * ROUNDS
    progress(0, steps)
    duels = _duels()
    rounds = _rounds(lambda done: progress(1 + done, steps)) if _room() else []
    progress(steps, steps)
    return judge(duels, rounds, machine.environment(meter.share()))


def judge(duels: Sequence[Duel], rounds: Sequence[Round], environment: Environment) -> Seen:
    """Compare the figures with the answers: the count decides, never the size of a gap."""
    longer = sum(duel.released > duel.held for duel in duels)
    shorter = sum(duel.released < duel.held for duel in duels)
    counted = f"with them it took longer in {longer} of {len(duels)} comparisons"
    figures = (_price(duels), _wall(rounds, environment))
    doubt = ""
    if by_chance(longer, shorter) >= CHANCE:
        doubt = f"{counted}, which may be chance{_blame(environment)}"
    elif longer < shorter:
        doubt = f"{counted}, and they cannot make it shorter: something else did"
    if doubt:
        return Seen("inconclusive", None, ("", "", ""), figures, doubt)
    more = Spread.of(duel.released - duel.held for duel in duels)
    meaning = "" if environment.gil_enabled else " Without a GIL they still detach and attach."
    return Seen(
        "shown",
        2,
        (
            f"No: {counted}.",
            f"No: {counted}.",
            f"Yes: {more.median:.0f} ns more ({more.low:.0f} to {more.high:.0f}).{meaning}",
        ),
        figures,
    )


def by_chance(longer: int, shorter: int) -> float:
    """Return how likely so uneven a count is if both are equally likely (two-sided sign test)."""
    count = longer + shorter
    as_uneven = range(max(longer, shorter), count + 1)
    return min(1.0, 2.0 * sum(comb(count, wins) for wins in as_uneven) * 0.5**count)


def _duels() -> list[Duel]:
    """Time calls on one element by the processor's time, which others cannot take from it."""
    held, released = (
        _timer(kernels.Call(mode, "sum", np.ones(1), 1)) for mode in ("held", "released")
    )
    return [_duel(held, released) for _ in range(DUELS)]


def _timer(call: kernels.Call) -> Timer:
    names = {"function": kernels.direct(call.mode, call.kernel), "call": call}
    return Timer("function(data, 1)", "data = call.struct.data", time.thread_time, names)


def _duel(held: Timer, released: Timer) -> Duel:
    fastest_held = fastest_released = inf
    for _ in range(TIMINGS):
        fastest_held = min(fastest_held, held.timeit(CALLS))
        fastest_released = min(fastest_released, released.timeit(CALLS))
    return Duel(fastest_held / CALLS * 1e9, fastest_released / CALLS * 1e9)


def _room() -> bool:
    """Check whether the large array would leave as much memory again."""
    available = machine.available_bytes()
    return available is None or available > 2 * LARGE * np.dtype(np.float64).itemsize


def _rounds(progress: Callable[[int], None]) -> list[Round]:
    """Run every job on one thread and on two, released and native, round after round."""
    began = time.monotonic()
    arrays = {size: np.ones(size) for size in (LARGE, SMALL)}
    rounds: list[Round] = []
    while not rounds or (len(rounds) < ROUNDS and time.monotonic() < began + PATIENCE_SECONDS):
        gains: dict[Job, Gain] = {}
        for job in JOBS:
            gains[job] = _gain(job, arrays[job[1]])
            progress(len(JOBS) * len(rounds) + len(gains))
        rounds.append(gains)
    return rounds


def _gain(job: Job, array: NDArray[np.float64]) -> Gain:
    """Run the job on the whole array, and the same on two halves at once."""
    kernel, passes = job[0], PASSES[job]

    def seconds(mode: Mode, parts: Arrays) -> float:
        return min(wall_seconds(run_race(mode, kernel, parts, passes).spans) for _ in range(TRIES))

    one = {mode: seconds(mode, [array]) for mode in MODES}
    two = {mode: seconds(mode, np.array_split(array, 2)) for mode in MODES}
    return Gain(
        {mode: one[mode] / two[mode] for mode in MODES},
        array.nbytes * passes / one["released"] / 1e9,
    )


def _price(duels: Sequence[Duel]) -> Table:
    cells = (
        _told([duel.held for duel in duels], 0),
        _told([duel.released for duel in duels], 0),
        _told([duel.released - duel.held for duel in duels], 0),
    )
    return Table(("one element", "held", "released", "difference"), (("ns a call", *cells),))


def _wall(rounds: Sequence[Round], environment: Environment) -> Table:
    rows = []
    for job, name in JOBS.items() if rounds else ():
        rate = median(round_[job].gigabytes_a_second for round_ in rounds)
        gains = (_told([round_[job].speedup[mode] for round_ in rounds], 2, "x") for mode in MODES)
        rows.append((name, f"{rate:.1f}", *gains))
    return Table(
        ("adding up", "1 thread GB/s", "2 threads", "2 native threads"),
        tuple(rows),
        _caption(rounds, environment),
    )


def _told(values: Sequence[float], digits: int, unit: str = "") -> str:
    """Say the median, with the lowest and the highest if they differ."""
    spread = Spread.of(values)
    middle, low, high = (
        f"{value:.{digits}f}" for value in (spread.median, spread.low, spread.high)
    )
    return f"{middle}{unit}" if low == high else f"{middle}{unit} ({low}-{high})"


def _caption(rounds: Sequence[Round], environment: Environment) -> str:
    """Say whether the second thread waited for memory: only if all rounds agree."""
    if not rounds:
        return "Left out: the array takes 128 MB, and too little memory is free."
    if environment.cores == 1:
        return "On one core two threads take turns, so this says nothing of memory."
    if len(rounds) < ROUNDS:
        few = f"{len(rounds)} of {ROUNDS} rounds fitted the time, too few to tell"
        return f"Only {few} who waits for memory{_blame(environment)}."
    least = _fewest_less(rounds)
    if 2 * least > ROUNDS and by_chance(least, ROUNDS - least) < WALL_CHANCE:
        return (
            f"In {least} of {ROUNDS} rounds or more, native threads too, the second thread gained"
            " sum_wide less than sum, and less on 128 MB than on 16 KB: it waited for memory."
        )
    different = "Not the same in enough rounds, so this does not show who waits for memory"
    return f"{different}{_blame(environment)}."


def _fewest_less(rounds: Sequence[Round]) -> int:
    """Count the rounds in which a second thread gained least where many accumulators read memory.

    It is compared with one accumulator, and with little memory, released and native, and
    the comparison that says so least often counts.
    """
    return min(
        sum(one[WIDE].speedup[mode] < one[other].speedup[mode] for one in rounds)
        for other in (NARROW, CACHED)
        for mode in MODES
    )


def _blame(environment: Environment) -> str:
    busy = environment.machine_busy
    if busy is None or busy < WORTH_A_WORD:
        return ""
    return f"; others took {busy:.0%} of the cores"
