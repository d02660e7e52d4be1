"""A race knows who had the GIL, by the hand-overs; where these cannot be watched, it goes on."""

import numpy as np
import pytest

import gil_demo
from gil_demo.measuring.lookout import Lookout
from gil_demo.measuring.picture import TICKER_LANE, record_panel
from gil_demo.measuring.plan import Plan
from gil_demo.measuring.race import watched_race
from gil_demo.measuring.scaling import fits_least
from gil_demo.native import handovers
from gil_demo.results.run import Panel, Span

pytestmark = pytest.mark.usefixtures("watchable")

RACES = 10
"""At most: the first beside which the ticker ticked is enough."""

PLAN = Plan(np.ones(100_000), "sum", (1, 2), 1, 0, frozenset({"picture"}), 200)


@pytest.mark.parametrize(("mode", "share"), [("held", 1.0), ("released", 0.0)])
def test_each_call_has_the_gil_throughout_or_not_at_all(mode: str, share: float) -> None:
    """Its span is stamped inside: after the release, and before the GIL is taken back."""
    work = [PLAN.array] * 3
    race = watched_race("held" if mode == "held" else "released", "sum", work, 200)
    assert race.held_shares == (share,) * 3


def test_native_threads_have_no_share() -> None:
    """They are unknown to Python, and to its GIL."""
    race = watched_race("native", "sum", [PLAN.array] * 2, 50)
    assert race.held_shares == (None, None)
    assert fits_least("native", race.held_shares) is None


def test_the_share_that_fits_the_claim_least_is_told() -> None:
    """The least of held calls, the most of released ones; nothing if one is unknown."""
    assert fits_least("held", [1.0, 0.9]) == 0.9
    assert fits_least("released", [0.0, 0.1]) == 0.1
    assert fits_least("held", [1.0, None]) is None
    assert fits_least("held", []) is None


def test_the_lane_of_a_held_race_changes_hands_and_never_overlaps() -> None:
    """Thread 1 has the GIL during its whole call, then thread 2."""
    panel = record_panel(PLAN, "held")
    assert panel.gil_lane is not None
    for span in panel.spans:
        owners = [
            one.thread
            for one in panel.gil_lane
            if one.first_ns < span.exit_ns and one.last_ns > span.enter_ns
        ]
        assert owners == [span.thread]


def owners_in(panel: Panel) -> set[int]:
    """The threads that had the GIL."""
    return {one.thread for one in panel.gil_lane or ()}


def test_nobody_has_the_gil_for_a_released_call() -> None:
    """The ticker takes it now and then, and is named; beside others perhaps not in each race."""
    panels = (record_panel(PLAN, "released") for _ in range(RACES))
    panel = next(one for one in panels if TICKER_LANE in owners_in(one))
    assert panel.gil_lane is not None
    first, last = panel.spans[0].enter_ns, panel.spans[0].exit_ns
    inside = [one for one in panel.gil_lane if one.first_ns < last and one.last_ns > first]
    assert panel.spans[0].thread not in {
        one.thread for one in inside if one.first_ns >= first and one.last_ns <= last
    }


def test_where_a_watch_runs_already_the_race_goes_on_without() -> None:
    """A run under `gil-demo watch` works as ever, and says that the lane is missing."""
    with gil_demo.watch(events=False), Lookout() as lookout:
        assert lookout.sign_in() is None
        panel = record_panel(PLAN, "held")
    assert panel.gil_lane is None
    assert lookout.held_share(1, Span("held", 1, 0, 10)) is None


def test_nothing_stays_in_place_if_the_block_fails() -> None:
    """The slots are put back whatever happens."""
    before = handovers.slots()
    with pytest.raises(KeyboardInterrupt), Lookout():
        raise KeyboardInterrupt
    assert handovers.slots() == before


def test_a_call_in_which_the_clock_did_not_move_has_no_share() -> None:
    """A share of no time would contradict the claim, whatever it were."""
    with Lookout() as lookout:
        row = lookout.sign_in()
    assert lookout.held_share(row, Span("held", 1, 5, 5)) is None
