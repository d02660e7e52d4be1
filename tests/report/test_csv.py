"""The CSV: every figure of the tables on a line of its own."""

import csv
from dataclasses import replace

from gil_demo.report.csv import run_csv
from gil_demo.results.run import RunResult

Line = dict[str, str]


def parsed(result: RunResult) -> list[Line]:
    return list(csv.DictReader(run_csv(result).splitlines()))


def line(lines: list[Line], **wanted: str) -> Line:
    """The one line with these fields."""
    (found,) = (one for one in lines if wanted.items() <= one.items())
    return found


def test_every_line_has_every_column(made: RunResult) -> None:
    """A spreadsheet reads it as a table: a header, and as many fields in each line."""
    rows = list(csv.reader(run_csv(made).splitlines()))
    assert rows[0] == ["section", "gil", "threads", "quantity", "median", "low", "high"]
    assert {len(row) for row in rows} == {7}


def test_spreads_have_their_median_and_extremes(made: RunResult) -> None:
    """Wall time and speed-up come with the lowest and the highest round, in full precision."""
    wall = line(parsed(made), gil="released", threads="2", quantity="wall_seconds")
    assert [float(wall[name]) for name in ("median", "low", "high")] == [0.0305, 0.03, 0.0401]


def test_counts_have_their_extremes(made: RunResult) -> None:
    """Peak inside has a smallest and a largest count, and no median."""
    peak = line(parsed(made), gil="native", threads="2", quantity="peak_inside")
    assert (peak["median"], peak["low"], peak["high"]) == ("", "1", "2")


def test_single_figures_stand_where_they_belong(made: RunResult) -> None:
    """A median has no extremes; ticks inside are the most of a held call, else the fewest."""
    stall = line(parsed(made), gil="held", quantity="longest_stall_seconds")
    assert (stall["median"], stall["low"], stall["high"]) == ("0.0305", "", "")
    held = line(parsed(made), gil="held", quantity="ticks_inside")
    assert (held["median"], held["low"], held["high"]) == ("", "", "0")
    released = line(parsed(made), gil="released", quantity="ticks_inside")
    assert (released["median"], released["low"], released["high"]) == ("", "102640", "")


def test_the_share_with_the_gil_is_the_one_that_fits_the_claim_least(made: RunResult) -> None:
    """The smallest of held calls, the largest of released ones, no line where it is not known."""
    held, released = made.scaling[1], made.scaling[3]
    beside = replace(made.responsiveness[1], held_share=0.98)
    rows = (replace(held, held_share=0.97), replace(released, held_share=0.02))
    lines = parsed(replace(made, scaling=rows, responsiveness=(beside,)))
    told = [
        (one["section"], one["gil"], one["threads"], one["low"], one["high"])
        for one in lines
        if one["quantity"] == "held_share"
    ]
    assert told == [
        ("scaling", "held", "2", "0.97", ""),
        ("scaling", "released", "2", "", "0.02"),
        ("responsiveness", "held", "1", "0.98", ""),
    ]


def test_no_figure_is_missing_or_made_up(made: RunResult) -> None:
    """Five quantities a row; the ticker alone has no ticks inside, and so no line for them."""
    lines = parsed(made)
    assert sum(one["section"] == "scaling" for one in lines) == 5 * len(made.scaling)
    assert sum(one["section"] == "responsiveness" for one in lines) == 5 * 3 - 1
    assert not [one for one in lines if one["gil"] == "alone" and one["quantity"] == "ticks_inside"]


def test_without_tables_there_is_only_the_header(made: RunResult) -> None:
    """A run of the picture alone has no figures to list."""
    assert parsed(replace(made, scaling=(), responsiveness=(), patterns=())) == []
