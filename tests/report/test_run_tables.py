"""The tables: the figures at every width, the most telling columns where it is narrow."""

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console, RenderableType

from gil_demo.report.environment import environment_line
from gil_demo.report.run import RunReport, verdict_text
from gil_demo.report.run_tables import responsiveness_table, scaling_table
from gil_demo.results.numbers import Range, Spread
from gil_demo.results.run import RunResult, Verdict


def drawn(renderable: RenderableType, width: int) -> str:
    file = StringIO()
    Console(file=file, width=width, color_system=None).print(renderable)
    return file.getvalue()


def cells(text: str, first: str) -> list[str]:
    """The cells of the first row that begins so."""
    row = next(line for line in text.splitlines() if line.startswith(first))
    return row.removeprefix(first).split()


def test_a_wide_scaling_table_has_every_figure(made: RunResult) -> None:
    """Median with lowest and highest, counts that differ as from-to, times in milliseconds."""
    text = drawn(scaling_table(made.scaling, 3), 200)
    assert cells(text, "released        2") == [
        *["30.5", "(30.0-40.1)", "1.94x", "(1.50-1.99)", "2", "1.97", "60.0", "-"]
    ]
    assert cells(text, "native          2")[4] == "1-2"
    assert "Left out" not in text


def test_figures_that_do_not_vary_stand_alone(made: RunResult) -> None:
    """Where lowest and highest are the same, only the median is written."""
    row = replace(made.scaling[1], wall_seconds=Spread(0.06, 0.06, 0.06), peak_inside=Range(1, 1))
    text = drawn(scaling_table([row], 1), 200)
    assert cells(text, "held")[:2] == ["2", "60.0"]
    assert "Medians of 1 round." in text


def test_every_mode_and_number_of_threads_has_a_row(made: RunResult) -> None:
    """Held, released and native, each with one and with two threads, in this order."""
    lines = drawn(scaling_table(made.scaling, 3), 80).splitlines()
    rows = [tuple(line.split()[:2]) for line in lines if line.startswith(("held", "rel", "nat"))]
    assert rows == [(gil, n) for gil in ("held", "released", "native") for n in ("1", "2")]


def test_a_responsiveness_table_has_every_figure(made: RunResult) -> None:
    """Ticks, shares, stalls and calls; what the ticker alone does not have is a dash."""
    text = drawn(responsiveness_table(made.responsiveness, 3), 200)
    assert cells(text, "alone") == ["4,200,000", "100%", "0.1", "-", "-", "-"]
    assert cells(text, "a held call") == ["0", "0%", "30.5", "30.1", "0", "-"]
    assert cells(text, "a released call") == ["3,990,000", "95%", "0.5", "30.2", "102,640", "-"]


def test_the_share_with_the_gil_is_a_column(made: RunResult) -> None:
    """All or nothing has no digits after the point; what is neither has one."""
    rows = [replace(made.scaling[1], held_share=share) for share in (1.0, 0.0, 0.123)]
    lines = drawn(scaling_table(rows, 3), 200).splitlines()
    assert [line.split()[-1] for line in lines if line.startswith("held")] == [
        "100%",
        "0%",
        "12.3%",
    ]


@pytest.mark.parametrize("width", [30, 40, 60, 80, 200])
def test_no_line_is_longer_than_the_screen(made: RunResult, width: int) -> None:
    """No table and no sentence is wider than the terminal."""
    for table in (scaling_table(made.scaling, 3), responsiveness_table(made.responsiveness, 3)):
        assert max(len(line) for line in drawn(table, width).splitlines()) <= width


@pytest.mark.parametrize("width", [40, 80, 200])
def test_what_proves_it_is_shown_at_every_width(made: RunResult, width: int) -> None:
    """However narrow, peak inside and ticks inside stay, because the verdict rests on them."""
    scaling = drawn(scaling_table(made.scaling, 3), width)
    assert "peak" in scaling
    ticks = drawn(responsiveness_table(made.responsiveness, 3), width)
    assert "102,640" in ticks


def test_columns_that_do_not_fit_are_named(made: RunResult) -> None:
    """A narrow screen says which columns it leaves out, instead of cutting figures."""
    text = " ".join(drawn(scaling_table(made.scaling, 3), 40).split())
    assert "Left out at this width: wall ms, speed-up, mean inside, CPU ms, had the GIL." in text
    assert "…" not in text


def test_the_line_on_where_this_is(made: RunResult) -> None:
    """Interpreter, GIL, cores and NumPy, in one line."""
    here = made.environment
    assert environment_line(here).plain == "CPython 3.13.0, GIL on, 2 cores, NumPy 2.3.0"
    free = replace(here, free_threaded=True, gil_enabled=False, cores=1)
    assert environment_line(free).plain == (
        "CPython 3.13.0, GIL off (a build that can do without), 1 core, NumPy 2.3.0"
    )


def test_the_verdict_is_its_state_and_its_sentences() -> None:
    """The last thing on the screen: the state, then why."""
    text = verdict_text(Verdict("inconclusive", ("One reason.", "Another.")))
    assert text.plain == "Verdict: inconclusive. One reason. Another."


def test_a_report_is_read_from_place_to_verdict(made: RunResult) -> None:
    """Where it was, notes, picture, scaling, responsiveness, patterns, verdict, in this order."""
    text = drawn(RunReport(made), 80)
    order = ["CPython", "Each call:", "GIL held", "Scaling:", "Responsiveness:", "lock-order"]
    places = [text.index(word) for word in [*order, "Verdict:"]]
    assert places == sorted(places)


def test_sections_that_were_not_measured_are_not_drawn(made: RunResult) -> None:
    """A run of one section shows that section and the verdict, and no empty tables."""
    text = drawn(RunReport(replace(made, picture=(), responsiveness=(), patterns=())), 80)
    assert "Scaling:" in text
    assert "Verdict:" in text
    for absent in ("GIL held:", "Responsiveness:", "lock-order"):
        assert absent not in text
