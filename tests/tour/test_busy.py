"""Each step of the lesson says what others took of the machine while it ran."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from rich.console import Console

from gil_demo.host import machine
from gil_demo.measuring.others import caution
from gil_demo.progress import unseen
from gil_demo.report import tour as pages
from gil_demo.report.picture import GIL_LEGEND
from gil_demo.results.lesson import Lanes
from gil_demo.results.run import RunResult
from gil_demo.tour import lesson
from gil_demo.tour.steps import let_go, who_else_runs
from gil_demo.tour.walk import Walk

BUSY = caution(replace(machine.environment(), machine_busy=1.0))


def test_a_busy_machine_is_told_beside_each_step(
    made: RunResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step tells its own share, and the lesson the largest of those that are shown."""
    shares = iter((0.9, 0.2, 0.5))
    meter = SimpleNamespace(share=lambda: next(shares))
    monkeypatch.setattr(machine, "BusyMeter", lambda: meter)
    steps = [replace(step, run=lambda _: who_else_runs.judge(made)) for step in lesson.part(1, 2)]
    walk = Walk(steps)
    assert walk.run(unseen).note.startswith("Others took 90% of the cores: ")
    assert walk.environment.machine_busy == 0.9
    walk.go("again")
    assert walk.run(unseen).note.startswith("Others took 20%")
    walk.go("skip")
    assert walk.run(unseen).note.startswith("Others took 50%")
    assert walk.environment.machine_busy == 0.5


@pytest.mark.parametrize("note", [BUSY, ""])
def test_the_longest_page_fits_a_small_terminal(made: RunResult, note: str) -> None:
    """Lanes with who had the GIL, a table, and a line about others, above two rows for keys."""
    seen = replace(let_go.judge(made, 2), note=note)
    lanes, table = seen.figures
    assert isinstance(lanes, Lanes)
    panels = tuple(replace(one, gil_lane=()) for one in lanes.panels)
    seen = replace(seen, figures=(replace(lanes, panels=panels), table))
    (step,) = lesson.part(2, 2)
    shown = lines_of(pages.SeenPage(step, seen, 0, rows=22))
    assert len(shown) <= 22
    assert (BUSY in shown) == bool(note)
    whole = lines_of(pages.SeenPage(step, seen, 0))
    assert len(whole) > 22
    assert any(GIL_LEGEND in line for line in whole)


def lines_of(page: pages.SeenPage) -> list[str]:
    """The lines of a terminal of 80 columns."""
    console = Console(width=80, force_terminal=True, color_system=None, _environ={})
    with console.capture() as captured:
        console.print(page)
    return captured.get().splitlines()


def test_what_is_said_of_others_fits_a_line() -> None:
    """A page of figures has no line to spare on a terminal of 80 columns and 24 lines."""
    assert len(BUSY) <= 80
