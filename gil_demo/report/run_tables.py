"""The tables of a run: how the threads scaled, and what a ticking thread got done."""

from collections.abc import Sequence

from gil_demo import notation
from gil_demo.measuring.others import caution
from gil_demo.report.kit.columns import Column, FittingTable, words
from gil_demo.report.kit.palette import MODE_STYLES
from gil_demo.results.run import ResponsivenessRow, RunResult, ScalingRow

COMPANY_NAMES = {
    "alone": "alone",
    "held": "a held call",
    "released": "a released call",
    "held-collected": "held, and a collection",
    "released-collected": "released, and a collection",
}


def run_caution(result: RunResult) -> str:
    """Say in one line that the times of a run say little; nothing where they do."""
    if result.picture or result.scaling or result.responsiveness:
        return caution(result.environment, result.scaling)
    return ""


def scaling_table(rows: Sequence[ScalingRow], rounds: int) -> FittingTable:
    """Draw wall time, speed-up and how many calls were inside, by mode and number of threads."""
    return FittingTable(
        title="Scaling: the same call on several threads at once",
        columns=(
            words("GIL", (row.gil for row in rows), -1),
            Column("threads", tuple(str(row.threads) for row in rows)),
            Column(
                "wall ms",
                tuple(notation.spread(row.wall_seconds, 1, factor=1e3) for row in rows),
                2,
            ),
            Column("speed-up", tuple(notation.spread(row.speedup, 2, "x") for row in rows), 1),
            Column("peak\ninside", tuple(notation.count_range(row.peak_inside) for row in rows)),
            Column("mean\ninside", tuple(f"{row.mean_inside:.2f}" for row in rows), 3),
            Column("CPU ms", tuple(notation.in_milliseconds(row.cpu_seconds) for row in rows), 4),
            Column("had the\nGIL", tuple(_held_share(row.held_share) for row in rows), 1),
        ),
        styles=tuple(MODE_STYLES[row.gil] for row in rows),
        breaks=frozenset(
            position
            for position, row in enumerate(rows)
            if len({row.threads for row in rows}) > 1
            and position
            and row.gil != rows[position - 1].gil
        ),
        caption=f"Medians{_of_rounds(rounds)}. Speed-up: N x one thread's time / N threads' time,"
        " round by round.",
    )


def responsiveness_table(rows: Sequence[ResponsivenessRow], rounds: int) -> FittingTable:
    """Draw how much a ticking Python thread gets done beside one call."""
    return FittingTable(
        title="Responsiveness: a Python thread that only notes the time, beside one call",
        columns=(
            words("ticker beside", (COMPANY_NAMES[row.gil] for row in rows), -1),
            Column("ticks/s", tuple(f"{row.ticks_per_second:,.0f}" for row in rows), 2),
            Column(
                "share of\nalone", tuple(notation.percent(row.share_of_alone) for row in rows), 1
            ),
            Column(
                "longest\nstall ms",
                tuple(notation.in_milliseconds(row.longest_stall_seconds) for row in rows),
            ),
            Column(
                "call ms",
                tuple(
                    "-" if row.gil == "alone" else notation.in_milliseconds(row.call_seconds)
                    for row in rows
                ),
                3,
            ),
            Column(
                "ticks\ninside",
                tuple("-" if row.ticks_inside is None else f"{row.ticks_inside:,}" for row in rows),
                -1,
            ),
            Column("had the\nGIL", tuple(_held_share(row.held_share) for row in rows), 1),
        ),
        styles=tuple(MODE_STYLES[row.gil] for row in rows),
        breaks=frozenset(),
        caption=(
            f"Medians of {rounds} rounds; share of alone: round by round; ticks inside: of the"
            " round that fits the claim least."
            if rounds > 1
            else "One round."
        ),
    )


def _held_share(share: float | None) -> str:
    """Write the share of a call during which its thread had the GIL; "-" if it is not known."""
    return "-" if share is None else notation.share(share)


def _of_rounds(rounds: int) -> str:
    return f" of {rounds} rounds (lowest-highest)" if rounds > 1 else " of 1 round"
