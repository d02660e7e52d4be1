"""The memory wall: what one thread waits for, and how much a second one then gains."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from gil_demo.host import machine
from gil_demo.measuring.paired import Tally
from gil_demo.measuring.race import Arrays, run_race
from gil_demo.measuring.rounds import interleaved
from gil_demo.measuring.spans import wall_seconds
from gil_demo.native import kernels
from gil_demo.progress import Progress, part
from gil_demo.words import Kernel, Mode

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

CHANCE = 0.05
"""A count as uneven as chance brings in fewer runs than this is not taken for chance. Both
comparisons must say what is waited for."""

PATIENCE_SECONDS = 3.0
"""After this no further round of races begins: where others take the cores, more would not help."""

MODES: tuple[Mode, ...] = ("released", "native")


@dataclass(frozen=True, slots=True)
class Wall:
    """What one thread read of each job's array in a second of processor time, round by round.

    And what a second thread gained, by mode, in the rounds for which there was time.
    """

    rates: Sequence[Mapping[Job, float]]
    gains: Sequence[Mapping[Job, Mapping[Mode, float]]]

    @property
    def rounds_that_wait(self) -> int | None:
        """Count the rounds in which one thread waited for memory with many accumulators.

        It then reads much memory more slowly than little, which is in the cache, and faster
        than one accumulator reads it: that one waits for its additions. The comparison that
        says so less often counts. None where so few rounds may be chance.
        """
        slower = Tally.of((one[CACHED], one[WIDE]) for one in self.rates)
        faster = Tally.of((one[WIDE], one[NARROW]) for one in self.rates)
        least = min(slower.above, faster.above)
        uneven = Tally(least, len(self.rates) - least)
        return least if uneven.above > uneven.below and uneven.chance < CHANCE else None


def wall(progress: Progress) -> Wall | None:
    """Do every job on one thread, then race it on one and on two; None where memory is short."""
    if not _room():
        return None
    arrays = {size: np.ones(size) for size in (LARGE, SMALL)}
    alone = {job: partial(_rate, job, arrays[job[1]]) for job in JOBS}
    raced = {job: partial(_gain, job, arrays[job[1]]) for job in JOBS}
    each = len(JOBS) * ROUNDS
    rates = interleaved(alone, ROUNDS, 0, part(progress, 0, 2 * each))
    gains = interleaved(raced, ROUNDS, 0, part(progress, each, 2 * each), PATIENCE_SECONDS)
    return Wall(rates, gains)


def _room() -> bool:
    """Check whether the large array would leave as much memory again."""
    available = machine.available_bytes()
    return available is None or available > 2 * LARGE * np.dtype(np.float64).itemsize


def _rate(job: Job, array: NDArray[np.float64]) -> float:
    """Read the whole array in one call, and return GB a second of the processor's time.

    That time goes on while the core waits for memory, and not while others have the core.
    """
    kernel, passes = job[0], PASSES[job]
    call = kernels.Call("released", kernel, array, passes)
    kernels.run(call)
    return array.nbytes * passes / max(1, call.cpu_ns)


def _gain(job: Job, array: NDArray[np.float64]) -> dict[Mode, float]:
    """Run the job on the whole array, and the same on two halves at once."""
    kernel, passes = job[0], PASSES[job]

    def seconds(mode: Mode, parts: Arrays) -> float:
        return min(wall_seconds(run_race(mode, kernel, parts, passes).spans) for _ in range(TRIES))

    one = {mode: seconds(mode, [array]) for mode in MODES}
    two = {mode: seconds(mode, np.array_split(array, 2)) for mode in MODES}
    return {mode: one[mode] / two[mode] for mode in MODES}
