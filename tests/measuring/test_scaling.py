"""The scaling table, from races made by hand."""

from kernel_calls import MODES

from gil_demo.measuring.race import Race
from gil_demo.measuring.scaling import Races, scaling_row, scaling_rows, speedup
from gil_demo.results.numbers import Range, Spread
from gil_demo.results.run import Span
from gil_demo.words import Mode

MS = 1_000_000


def race(mode: Mode, *milliseconds: tuple[int, int], cpu_seconds: float = 0.0) -> Race:
    spans = tuple(
        Span(mode, thread, enter * MS, leave * MS)
        for thread, (enter, leave) in enumerate(milliseconds, start=1)
    )
    return Race(spans, (1.0,) * len(spans), cpu_seconds)


def round_of(mode: Mode, alone: Race, two: Race) -> Races:
    return {(mode, 1): alone, (mode, 2): two}


def test_a_speedup_is_of_one_round_and_mode() -> None:
    """Two threads in the time of one did twice as much; in twice the time, no more than one."""
    together = round_of(
        "released", race("released", (0, 30)), race("released", (100, 130), (100, 130))
    )
    in_turn = round_of("held", race("held", (0, 30)), race("held", (100, 130), (130, 160)))
    assert speedup(together, "released", 2) == 2.0
    assert speedup(in_turn, "held", 2) == 1.0
    assert speedup(together, "released", 1) == 1.0


def test_a_row_is_the_spread_over_the_rounds() -> None:
    """Medians with the lowest and the highest round, and the peaks of the extreme rounds."""
    rounds = [
        round_of(
            "released", race("released", (0, 30)), race("released", (0, 30), (0, 30), cpu_seconds=3)
        ),
        round_of(
            "released",
            race("released", (0, 30)),
            race("released", (0, 30), (30, 60), cpu_seconds=1),
        ),
        round_of(
            "released",
            race("released", (0, 60)),
            race("released", (0, 30), (15, 45), cpu_seconds=2),
        ),
    ]
    row = scaling_row(rounds, "released", 2)
    assert (row.gil, row.threads) == ("released", 2)
    assert row.wall_seconds == Spread(0.045, 0.03, 0.06)
    assert row.speedup == Spread(2.0, 1.0, 2 * 60 / 45)
    assert row.peak_inside == Range(1, 2)
    assert row.mean_inside == 60 / 45
    assert row.cpu_seconds == 2


def test_the_table_goes_from_held_to_native_and_from_few_threads_to_many() -> None:
    """One row a mode and number of threads, in an order that reads as held against released."""
    round_ = {(mode, n): race(mode, *[(0, 30)] * n) for mode in MODES for n in (1, 2, 4)}
    rows = scaling_rows([round_], (1, 2, 4))
    assert [(row.gil, row.threads) for row in rows] == [
        (mode, threads) for mode in ("held", "released", "native") for threads in (1, 2, 4)
    ]
