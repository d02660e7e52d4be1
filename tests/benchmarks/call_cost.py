"""What do releasing the GIL and taking it back cost one call, with no other thread?"""

from collections.abc import Iterator
from functools import partial
from statistics import median
from time import thread_time
from timeit import Timer

from cffi import FFI

from gil_demo.measuring.paired import differences
from gil_demo.measuring.rounds import interleaved
from gil_demo.native import kernels
from gil_demo.words import Mode

from .harness import Row, quartiles_of, rounds

MODES: tuple[Mode, ...] = ("held", "released")

ROUNDS = 101

CALLS = 20_000
"""Calls a timing: a few milliseconds."""


def measure(share: float) -> Iterator[Row]:
    """The nanoseconds by which a released call of `sum` on one element outlasts a held one."""
    timings = interleaved(
        {mode: partial(nanoseconds_a_call, calls_of(mode)) for mode in MODES},
        rounds(ROUNDS, share),
    )
    held, released = (median(round_[mode] for round_ in timings) for mode in MODES)
    yield Row(
        "released call minus held call, 1 element",
        quartiles_of(differences(timings, "released", "held")),
        f"processor time of 1 thread, {len(timings)} rounds of {CALLS:,} calls;"
        f" median call {released:.0f} ns and {held:.0f} ns",
        layout="{:.0f} ns",
    )


def calls_of(mode: Mode) -> Timer:
    """A loop of direct calls on one element."""
    names = {"call": kernels.direct(mode, "sum"), "data": FFI().new("double[]", 1)}
    return Timer("call(data, 1)", timer=thread_time, globals=names)


def nanoseconds_a_call(calls: Timer) -> float:
    """The processor time of one call, loop included."""
    return calls.timeit(CALLS) / CALLS * 1e9
