"""What does `gil-demo guard` cost: processor time and peak memory, guarded over plain?"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from gil_demo.measuring.rounds import interleaved

from . import commands
from .harness import Row, quartiles_of, rounds

ROUNDS = 5

PATIENCE_SECONDS = 45.0
"""For each program: on a busy machine there are fewer rounds, and all takes about five minutes."""

PROGRAMS = {
    "a million small arrays": "for _ in range(1_000_000): np.empty(100)[0] = 1",
    "100,000 small arrays alive": "kept = [np.zeros(10) for _ in range(100_000)]",
    "arithmetic on 800 kB": "a = np.ones(100_000)\nfor _ in range(2000): a * 2 + 1",
    "arithmetic on 8 MB": "a = np.ones(1_000_000)\nfor _ in range(100): a * 2 + 1",
    "sorting and FFT of 80 kB": (
        "a = np.random.default_rng(0).random(10_000)\n"
        "for _ in range(500): np.sort(a); np.fft.rfft(a)"
    ),
}

WAYS: Mapping[str, Sequence[str]] = {
    "guarded": (),
    "--poison": ("--poison",),
    "--sample 100": ("--sample", "100"),
}

FIGURES = """
import resource, sys
used = resource.getrusage(resource.RUSAGE_SELF)
with open("/proc/self/status") as status:  # ru_maxrss would begin with that of who started this
    (peak,) = (line.split()[1] for line in status if line.startswith("VmHWM"))
print("figures:", used.ru_utime + used.ru_stime, peak, file=sys.stderr)
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """The processor time and the peak memory of a program, without the process that waits."""

    cpu_seconds: float
    kibibytes: int


def measure(share: float) -> Iterator[Row]:
    """Each program, each way, over the same program plain."""
    for name, code in PROGRAMS.items():
        command = ["-c", "import numpy as np\n" + code + FIGURES]
        guard = [*commands.gil_demo(), "guard"]
        jobs = {"plain": partial(cost, commands.python(*command))}
        for way, options in WAYS.items():
            jobs[way] = partial(cost, [*guard, *options, *command])
        results = interleaved(
            jobs, rounds(ROUNDS, share), patience_seconds=PATIENCE_SECONDS * share
        )
        for way in WAYS:
            yield row(name, way, results)


def row(name: str, way: str, results: Sequence[Mapping[str, Cost]]) -> Row:
    """One way's processor time over plain's, and its memory."""
    factors = [one[way].cpu_seconds / one["plain"].cpu_seconds for one in results]
    plain = max(one["plain"].kibibytes for one in results) / 1024
    peak = max(one[way].kibibytes for one in results) / 1024
    return Row(
        f"{name}: {way} over plain",
        quartiles_of(factors),
        f"processor time, rounds: {len(results)}; peak memory {plain:,.0f} → {peak:,.0f} MiB",
        layout="{:.2f}",
    )


def cost(command: Sequence[str]) -> Cost:
    """Run a program that says on standard error what it used."""
    match = re.search(r"^figures: (\S+) (\S+)$", commands.run(command), re.MULTILINE)
    assert match is not None
    return Cost(float(match[1]), int(match[2]))
