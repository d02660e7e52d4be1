"""Do released Python threads scale like threads that know no Python, and held ones not at all?"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from statistics import median

from gil_demo import arrays
from gil_demo.host import machine
from gil_demo.limits import DEFAULT_SIZE
from gil_demo.measuring import scaling
from gil_demo.measuring.plan import Plan
from gil_demo.measuring.race import run_race
from gil_demo.measuring.rounds import interleaved
from gil_demo.words import Kernel, Mode

from .harness import Row, at_least, at_most, quartiles_of, rounds

KERNELS: tuple[Kernel, ...] = ("sum", "spin")

THREADS = 2

ROUNDS = 25

Speedups = Sequence[Mapping[Mode, float]]


def measure(share: float) -> Iterator[Row]:
    """Speed-ups on two threads: released over native threads, and held."""
    array = arrays.make(DEFAULT_SIZE, seed=0)
    for kernel in KERNELS:
        plan = Plan.calibrated(array, kernel, (THREADS,), rounds(ROUNDS, share), 0, frozenset())
        yield from rows(kernel, speedups(plan))


def speedups(plan: Plan) -> Speedups:
    """Round by round, the speed-up of each mode."""
    races = interleaved(
        {
            (mode, count): partial(run_race, mode, plan.kernel, plan.work(count), plan.passes)
            for mode in scaling.MODES
            for count in plan.threads
        },
        plan.rounds,
    )
    return [
        {mode: scaling.speedup(round_, mode, THREADS) for mode in scaling.MODES} for round_ in races
    ]


def rows(kernel: Kernel, found: Speedups) -> Iterator[Row]:
    """What the rounds say about one kernel."""
    middle = {mode: median(round_[mode] for round_ in found) for mode in scaling.MODES}
    yield Row(
        f"{kernel}: released speed-up over native threads', {THREADS} threads",
        quartiles_of(round_["released"] / round_["native"] for round_ in found),
        f"{len(found)} rounds of races on 1 and {THREADS} threads; median speed-ups"
        f" {middle['released']:.2f}x and {middle['native']:.2f}x",
        at_least(0.97),
    )
    yield Row(
        f"{kernel}: held speed-up, {THREADS} threads",
        quartiles_of(round_["held"] for round_ in found),
        "the same rounds" if machine.gil_enabled() else "the same rounds; no GIL in this Python",
        at_most(1.03) if machine.gil_enabled() else None,
    )
