"""How long does a person wait for `gil-demo run`?"""

from collections.abc import Iterator, Sequence
from functools import partial

from gil_demo.measuring.rounds import interleaved

from . import commands
from .commands import CommandTime, median_cpu_seconds
from .harness import Row, Target, at_most, quartiles_of, rounds

PAIRS = 7

FULL_RUNS = 3

LAYOUT = "{:.2f} s"


def measure(share: float) -> Iterator[Row]:
    """The wall times of a whole run and of a quick one, to which imports add their own."""
    run = [*commands.gil_demo(), "run"]
    imports = commands.python("-c", "import numpy, rich")
    pairs = interleaved(
        {
            "quick": partial(commands.timed, [*run, "--quick"]),
            "imports": partial(commands.timed, imports),
        },
        rounds(PAIRS, share),
    )
    yield Row(
        "gil-demo run --quick minus python -c 'import numpy, rich'",
        quartiles_of(pair["quick"].wall_seconds - pair["imports"].wall_seconds for pair in pairs),
        f"wall time of {len(pairs)} pairs of processes; processor time of the imports alone"
        f" {median_cpu_seconds(pair['imports'] for pair in pairs):.2f} s",
        at_most(1.0),
        LAYOUT,
    )
    yield whole("gil-demo run --quick", [pair["quick"] for pair in pairs], at_most(2.0))
    full_runs = [commands.timed(run) for _ in range(rounds(FULL_RUNS, share))]
    yield whole("gil-demo run", full_runs, at_most(10.0))


def whole(what: str, times: Sequence[CommandTime], target: Target) -> Row:
    """The wall time of a command from start to end."""
    return Row(
        what,
        quartiles_of(one.wall_seconds for one in times),
        f"wall time of {len(times)} processes; processor time {median_cpu_seconds(times):.2f} s",
        target,
        LAYOUT,
    )
