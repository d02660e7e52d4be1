"""What does watching the hand-overs of the GIL cost? Processor time, watched and not."""

import hashlib
import os
from collections.abc import Callable, Iterator
from functools import partial

from gil_demo.measuring.paired import differences, ratios
from gil_demo.measuring.rounds import interleaved
from gil_demo.native import handovers
from gil_demo.watching.recording import Recorder

from .harness import Row, Target, at_most, cpu_seconds, quartiles_of, rounds

ROUNDS = 101

PAIRS = 20_000
"""Pairs of hand-overs a timing: a few milliseconds, as the other jobs last."""

MESSAGE = bytes(4_000_000)
"""To hash it takes some milliseconds, and releases the GIL."""

Job = Callable[[], object]


def measure(share: float) -> Iterator[Row]:
    """A bare pair of hand-overs, a system call in a loop, long calls, and no hand-over at all."""
    count = rounds(ROUNDS, share)
    yield pairs(count)
    yield factor("os.stat in a loop, watched over not", stats, count, at_most(1.25))
    yield factor("calls of some ms that release, watched over not", hashes, count, at_most(1.01))
    yield factor("Python without hand-overs, watched over not", adds, count, None)


def pairs(count: int) -> Row:
    """The nanoseconds by which a drop and a take last longer."""
    timings = both_ways(lambda: handovers.pairs(PAIRS), count)
    more = [seconds / PAIRS * 1e9 for seconds in differences(timings, "watched", "plain")]
    return Row(
        "a pair of hand-overs, more",
        quartiles_of(more),
        f"processor time of 1 thread, {count} rounds of {PAIRS:,} pairs;"
        f" one is {handovers.HOLD.itemsize} bytes",
        at_most(200),
        "{:.0f} ns",
    )


def factor(what: str, job: Job, count: int, target: Target | None) -> Row:
    """How many times as long a job takes."""
    timings = both_ways(job, count)
    how = f"processor time of 1 thread, {count} rounds"
    return Row(what, quartiles_of(ratios(timings, "watched", "plain")), how, target)


def both_ways(job: Job, count: int) -> list[dict[str, float]]:
    """The processor time of a job without and with a watch, in interleaved rounds."""
    jobs = {"plain": partial(cpu_seconds, job), "watched": partial(watched_seconds, job)}
    return interleaved(jobs, count)


def watched_seconds(job: Job) -> float:
    """The processor time of a job while a watch runs; not of its start and end."""
    recorder = Recorder(events=True)
    recorder.start()
    try:
        return cpu_seconds(job)
    finally:
        recorder.stop()
        handovers.forget()


def stats() -> None:
    """A system call that releases the GIL each time."""
    for _ in range(2_000):
        os.stat(".")  # noqa: PTH116 - the bare system call is what is measured


def hashes() -> None:
    """Calls that release the GIL for milliseconds."""
    for _ in range(3):
        hashlib.sha256(MESSAGE)


def adds() -> None:
    """Python code alone."""
    sum(number * number for number in range(100_000))
