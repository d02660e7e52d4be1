"""One race a mode with the ticker beside it, to be drawn."""

import time
from dataclasses import replace

import numpy as np

from gil_demo.measuring.lookout import Lookout
from gil_demo.measuring.plan import Plan
from gil_demo.measuring.race import run_race
from gil_demo.measuring.spans import peak_inside
from gil_demo.measuring.ticker import Ticker, stretches
from gil_demo.results.run import DRAWN_GAP_NS, Panel, Span
from gil_demo.words import Mode

MODES: tuple[Mode, ...] = ("held", "released")

MAX_LANES = 4
"""Threads in the picture's race: more lanes than this cannot be told apart from the back row."""

PAUSE_SECONDS = 0.0002
"""The ticker's pause: short beside a column of the picture, long beside a tick."""

TICKER_LANE = -1

GIL_GAP_NS = 200_000
"""Holds of the GIL by one thread that are closer together are drawn as one: too thin to see."""

LEAD_SECONDS = 0.006
"""How long the ticker is seen alone before and after the race."""


MEETINGS = 3
"""Races at most until all calls are inside at one moment."""


def record_meeting(plan: Plan, mode: Mode) -> Panel:
    """Race as `record_panel` does, until all calls are inside at one moment.

    Each race is twice as long as the one before: on one core, or on a busy machine, a short
    call may be over before the next one has a core. After `MEETINGS` races the last is returned.
    """
    for attempt in range(MEETINGS):
        panel = record_panel(replace(plan, passes=plan.passes * 2**attempt), mode)
        if panel.peak_inside == len(panel.spans):
            break
    return panel


def record_panel(plan: Plan, mode: Mode) -> Panel:
    """Race on as many threads as the plan has and the picture holds, the ticker beside it.

    Threads are numbered in the order in which they entered the kernel.
    """
    threads = min(plan.threads[-1], MAX_LANES)
    with Lookout() as lookout, Ticker(PAUSE_SECONDS) as ticker:
        time.sleep(LEAD_SECONDS)
        race = run_race(mode, plan.kernel, plan.work(threads), plan.passes, lookout)
        time.sleep(LEAD_SECONDS)
    entered = sorted(zip(race.spans, race.rows, strict=True), key=lambda one: one[0].enter_ns)
    in_order = [span for span, _ in entered]
    lead_ns = int(LEAD_SECONDS * 1e9)
    begin, end = in_order[0].enter_ns - lead_ns, max(span.exit_ns for span in in_order) + lead_ns
    lanes = {row: lane for lane, (_, row) in enumerate(entered, start=1)}
    lanes[lookout.row_of(ticker.ident)] = TICKER_LANE
    ticks = ticker.ticks
    shown = ticks[np.searchsorted(ticks, begin) : np.searchsorted(ticks, end)]
    return Panel(
        gil=mode,
        spans=tuple(
            Span(mode, lane, span.enter_ns, span.exit_ns)
            for lane, span in enumerate(in_order, start=1)
        ),
        ticker=stretches(shown, DRAWN_GAP_NS),
        gil_lane=lookout.gil_lane(lanes, begin, end, GIL_GAP_NS),
        peak_inside=peak_inside(race.spans),
    )
