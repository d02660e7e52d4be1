"""Does `gil-demo --help` come at once?"""

from collections.abc import Iterator
from functools import partial

from gil_demo.measuring.rounds import interleaved

from . import commands
from .harness import Row, at_most, quartiles_of, rounds

ROUNDS = 21

HEAVY = ("numpy", "rich", "gil_demo._held", "gil_demo._released")
"""What a help text needs nothing of."""


def measure(share: float) -> Iterator[Row]:
    """The time of `--help` over that of its largest import, and what else it imports."""
    pairs = interleaved(
        {
            "help": partial(commands.timed, [*commands.gil_demo(), "--help"]),
            "click": partial(commands.timed, commands.python("-c", "import click")),
        },
        rounds(ROUNDS, share),
    )
    cpu = quartiles_of(pair["help"].cpu_seconds / pair["click"].cpu_seconds for pair in pairs)
    yield Row(
        "gil-demo --help over python -c 'import click'",
        quartiles_of(pair["help"].wall_seconds / pair["click"].wall_seconds for pair in pairs),
        f"wall time of {len(pairs)} pairs of processes; by processor time {cpu.median:.2f}",
        at_most(1.5),
    )
    needless = [name for name in imported_by_help() if name in HEAVY]
    yield Row(
        "needless modules that --help loads",
        quartiles_of([len(needless)]),
        f"python -X importtime: {', '.join(needless) or 'none'} of {', '.join(HEAVY)}",
        at_most(0),
        layout="{:.0f}",
    )


def imported_by_help() -> list[str]:
    """The names of all modules that `gil-demo --help` imports."""
    log = commands.run(commands.python("-X", "importtime", "-m", "gil_demo", "--help"))
    lines = (line for line in log.splitlines() if line.startswith("import time:"))
    return [line.rpartition("|")[2].strip() for line in lines]
