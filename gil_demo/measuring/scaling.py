"""Does it scale? The same call on 1, 2, … threads, held, released and native."""

from collections.abc import Sequence

from gil_demo.measuring.race import Race
from gil_demo.measuring.spans import mean_inside, peak_inside, wall_seconds
from gil_demo.results.numbers import Range, Spread
from gil_demo.results.run import ScalingRow
from gil_demo.words import Mode

MODES: tuple[Mode, ...] = ("held", "released", "native")

Races = dict[tuple[Mode, int], Race]
"""The races of one round, by mode and number of threads."""


def speedup(round_: Races, mode: Mode, threads: int) -> float:
    """Divide N times the one-thread wall time by the N-thread one, in one round and mode."""
    alone = wall_seconds(round_[mode, 1].spans)
    return threads * alone / wall_seconds(round_[mode, threads].spans)


def scaling_row(rounds: Sequence[Races], mode: Mode, threads: int) -> ScalingRow:
    """Combine the rounds into the row of one mode at one number of threads."""
    races = [round_[mode, threads] for round_ in rounds]
    return ScalingRow(
        gil=mode,
        threads=threads,
        wall_seconds=Spread.of(wall_seconds(race.spans) for race in races),
        speedup=Spread.of(speedup(round_, mode, threads) for round_ in rounds),
        peak_inside=Range.of(peak_inside(race.spans) for race in races),
        mean_inside=Spread.of(mean_inside(race.spans) for race in races).median,
        cpu_seconds=Spread.of(race.cpu_seconds for race in races).median,
        held_share=fits_least(mode, [share for race in races for share in race.held_shares]),
    )


def fits_least(mode: Mode, shares: Sequence[float | None]) -> float | None:
    """Choose the share of the GIL that fits the claim least.

    That is the least for held calls, and the most for others. None if one is not known.
    """
    known = [share for share in shares if share is not None]
    if not known or len(known) < len(shares):
        return None
    return min(known) if mode == "held" else max(known)


def scaling_rows(rounds: Sequence[Races], threads: Sequence[int]) -> tuple[ScalingRow, ...]:
    """Make the table: mode by mode, from the fewest threads to the most."""
    return tuple(scaling_row(rounds, mode, count) for mode in MODES for count in threads)
