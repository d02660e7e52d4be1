"""Each step of the lesson says what others took of the machine while it ran."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from gil_demo.host import machine
from gil_demo.measuring.others import caution
from gil_demo.progress import unseen
from gil_demo.results.run import RunResult
from gil_demo.tour import lesson
from gil_demo.tour.steps import who_else_runs
from gil_demo.tour.walk import Walk


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


def test_what_is_said_of_others_fits_a_line() -> None:
    """A page of figures has no line to spare on a terminal of 80 columns and 24 lines."""
    assert len(caution(replace(machine.environment(), machine_busy=1.0))) <= 80
