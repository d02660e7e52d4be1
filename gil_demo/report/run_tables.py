"""Tables by their columns, and those of a run: where it is narrow, lesser columns go first."""

from collections.abc import Sequence

from gil_demo.report.kit.columns import Column, FittingTable, words
from gil_demo.report.kit.palette import MODE_STYLES
from gil_demo.results.numbers import Range, Spread
from gil_demo.results.run import ResponsivenessRow, ScalingRow

ROOM_FOR_DIGITS = 100
"""From here on, digits after the point would widen the table past 80 columns."""

COMPANY_NAMES = {
    "alone": "alone",
    "held": "a held call",
    "released": "a released call",
}


def scaling_table(rows: Sequence[ScalingRow], rounds: int) -> FittingTable:
    """Wall time, speed-up and how many calls were inside, by mode and number of threads."""
    return FittingTable(
        title="Scaling: the same call on several threads at once",
        columns=(
            words("GIL", (row.gil for row in rows), -1),
            Column("threads", tuple(str(row.threads) for row in rows)),
            Column("wall ms", tuple(_spread(row.wall_seconds, 1e3, 1) for row in rows), 2),
            Column("speed-up", tuple(_spread(row.speedup, 1, 2, "x") for row in rows), 1),
            Column("peak\ninside", tuple(_range(row.peak_inside) for row in rows)),
            Column("mean\ninside", tuple(f"{row.mean_inside:.2f}" for row in rows), 3),
            Column("CPU ms", tuple(f"{row.cpu_seconds * 1e3:.1f}" for row in rows), 4),
        ),
        styles=tuple(MODE_STYLES[row.gil] for row in rows),
        breaks=frozenset(
            position
            for position, row in enumerate(rows)
            if len({row.threads for row in rows}) > 1
            and position
            and row.gil != rows[position - 1].gil
        ),
        caption=f"Medians{_of_rounds(rounds)}. Speed-up: N x one thread's time / N threads' time.",
    )


def responsiveness_table(rows: Sequence[ResponsivenessRow], rounds: int) -> FittingTable:
    """Draw how much a ticking Python thread gets done beside one call."""
    return FittingTable(
        title="Responsiveness: a Python thread that only notes the time, beside one call",
        columns=(
            words("ticker beside", (COMPANY_NAMES[row.gil] for row in rows), -1),
            Column("ticks/s", tuple(f"{row.ticks_per_second:,.0f}" for row in rows), 2),
            Column("share of\nalone", tuple(f"{row.share_of_alone:.0%}" for row in rows), 1),
            Column(
                "longest\nstall ms",
                tuple(f"{row.longest_stall_seconds * 1e3:.1f}" for row in rows),
            ),
            Column(
                "call ms",
                tuple(
                    "-" if row.gil == "alone" else f"{row.call_seconds * 1e3:.1f}" for row in rows
                ),
                3,
            ),
            Column(
                "ticks\ninside",
                tuple("-" if row.ticks_inside is None else f"{row.ticks_inside:,}" for row in rows),
            ),
        ),
        styles=tuple(MODE_STYLES[row.gil] for row in rows),
        breaks=frozenset(),
        caption=(
            f"Medians of {rounds} rounds; ticks inside: of the round that fits the claim least."
            if rounds > 1
            else "One round."
        ),
    )


def _of_rounds(rounds: int) -> str:
    return f" of {rounds} rounds (lowest-highest)" if rounds > 1 else " of 1 round"


def _spread(spread: Spread, factor: float, digits: int, unit: str = "") -> str:
    scaled = [value * factor for value in (spread.median, spread.low, spread.high)]
    digits = digits if max(scaled) < ROOM_FOR_DIGITS else 0
    middle, low, high = (f"{value:.{digits}f}" for value in scaled)
    return f"{middle}{unit}" if low == high else f"{middle}{unit} ({low}-{high})"


def _range(count: Range) -> str:
    return str(count.min) if count.min == count.max else f"{count.min}-{count.max}"
