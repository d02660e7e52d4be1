"""The memory wall: how much a second thread gains, by what the first one waits for."""

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
from gil_demo.progress import Progress
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
"""A count as uneven as chance brings in fewer runs than this is not taken for chance. All
four comparisons must say that memory is waited for."""

PATIENCE_SECONDS = 3.0
"""After this no further round is begun: where others take the cores, more would not help."""

MODES: tuple[Mode, ...] = ("released", "native")


@dataclass(frozen=True, slots=True)
class Gain:
    """How much faster two threads did a job than one, and how fast one released thread read."""

    speedup: Mapping[Mode, float]
    gigabytes_a_second: float


Gains = Mapping[Job, Gain]
"""What a second thread gained each job, in one round."""


def rounds(progress: Progress) -> list[dict[Job, Gain]]:
    """Do every job on one thread and on two; no round at all where memory is short."""
    if not _room():
        return []
    arrays = {size: np.ones(size) for size in (LARGE, SMALL)}
    jobs = {job: partial(_gain, job, arrays[job[1]]) for job in JOBS}
    return interleaved(jobs, ROUNDS, 0, progress, PATIENCE_SECONDS)


def rounds_at_the_wall(found: Sequence[Gains]) -> int | None:
    """Count the rounds in which a second thread gained least where it must wait for memory.

    Many accumulators on much memory are compared with one accumulator, and with little
    memory, released and native; the comparison that says so least often counts. None where
    so few rounds may be chance.
    """
    tallies = [
        Tally.of((one[other].speedup[mode], one[WIDE].speedup[mode]) for one in found)
        for other in (NARROW, CACHED)
        for mode in MODES
    ]
    least = min(tally.above for tally in tallies)
    uneven = Tally(least, len(found) - least)
    return least if uneven.above > uneven.below and uneven.chance < CHANCE else None


def _room() -> bool:
    """Check whether the large array would leave as much memory again."""
    available = machine.available_bytes()
    return available is None or available > 2 * LARGE * np.dtype(np.float64).itemsize


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
