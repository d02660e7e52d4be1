"""The race that the picture is drawn from."""

import threading
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from gil_demo.host import machine
from gil_demo.measuring import picture
from gil_demo.measuring.picture import MAX_LANES, record_panel
from gil_demo.measuring.plan import Plan
from gil_demo.measuring.race import Arrays, Race
from gil_demo.measuring.spans import peak_inside
from gil_demo.results.run import DRAWN_GAP_NS, Panel, Span
from gil_demo.words import Kernel, Mode

MAX_PANELS = 30
"""How often two calls without a GIL may miss each other on a busy machine."""


@pytest.fixture(scope="module")
def plan() -> Plan:
    """Two threads, calls as long as any."""
    return Plan.calibrated(np.ones(1000), "sum", (2,), 1, 0, frozenset())


def stretches_within(panel: Panel, span: Span) -> int:
    return sum(
        1
        for stretch in panel.ticker
        if stretch.first_ns < span.exit_ns and stretch.last_ns > span.enter_ns
    )


def test_the_held_panel_is_a_staircase_with_an_empty_lane_below(plan: Plan) -> None:
    """Held, no call overlaps another, and no stretch of ticks reaches into a call.

    Without a GIL both can happen, and do as soon as the machine has a core for each.
    """
    panels = (record_panel(plan, "held") for _ in range(MAX_PANELS))
    if machine.gil_enabled():
        panel = next(panels)
        assert peak_inside(panel.spans) == 1
        assert all(stretches_within(panel, span) == 0 for span in panel.spans)
    else:
        assert any(
            peak_inside(panel.spans) == 2
            and any(stretches_within(panel, span) for span in panel.spans)
            for panel in panels
        )


@pytest.mark.parametrize("mode", ["held", "released"])
def test_threads_are_numbered_in_the_order_in_which_they_entered(mode: Mode, plan: Plan) -> None:
    """The staircase goes down from lane to lane: lane 1 is who came first."""
    panel = record_panel(plan, mode)
    assert panel.gil == mode
    assert [span.thread for span in panel.spans] == [1, 2]
    assert panel.spans[0].enter_ns <= panel.spans[1].enter_ns


def test_the_ticker_is_drawn_a_little_before_and_after_the_calls(plan: Plan) -> None:
    """The lane shows ticks before the first call and after the last, and no others."""
    panel = record_panel(plan, "held")
    begin = panel.spans[0].enter_ns - picture.LEAD_SECONDS * 1e9
    end = max(span.exit_ns for span in panel.spans) + picture.LEAD_SECONDS * 1e9
    assert all(begin <= s.first_ns <= s.last_ns < end for s in panel.ticker)
    for before, after in pairwise(panel.ticker):
        assert after.first_ns - before.last_ns > DRAWN_GAP_NS


def test_no_more_lanes_are_raced_than_can_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan for many threads is drawn with the few that can be told apart from afar."""
    raced: list[int] = []

    def run_race(mode: Mode, kernel: Kernel, arrays: Arrays, passes: int, *_: object) -> Race:
        raced.append(len(arrays))
        moment = 10**18
        spans = tuple(Span(mode, n, moment, moment + 1) for n in range(1, len(arrays) + 1))
        return Race(spans, (0.0,) * len(arrays), 0.0, (None,) * len(arrays))

    monkeypatch.setattr(picture, "run_race", run_race)
    plan = Plan(np.ones(64), "sum", (1, 16), 1, 0, frozenset(), 1)
    assert len(record_panel(plan, "released").spans) == MAX_LANES
    assert raced == [MAX_LANES]


def test_no_ticker_is_left_after_the_picture(plan: Plan) -> None:
    """Once the panel is recorded nobody ticks any more."""
    record_panel(plan, "released")
    assert [thread.name for thread in threading.enumerate() if thread.name == "ticker"] == []


def test_calls_that_did_not_meet_are_made_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    """So two calls meet even on one core; no race more is run once they have."""
    plan = Plan(np.zeros(2), "sum", (1, 2), 1, 0, frozenset(), passes=5)
    apart = replace(record_panel(plan, "held"), peak_inside=1)
    met = replace(apart, peak_inside=2)
    panels, passes = iter((apart, apart, met)), []

    def record(plan: Plan, mode: Mode) -> Panel:
        passes.append(plan.passes)
        return next(panels)

    monkeypatch.setattr(picture, "record_panel", record)
    assert picture.record_meeting(plan, "released") == met
    assert passes == [5, 10, 20]
