"""The responsiveness table: the ticker beside one call, round by round."""

import math
import threading

import numpy as np
import pytest

from gil_demo.host import machine
from gil_demo.measuring.plan import CALL_SECONDS, Plan
from gil_demo.measuring.responsiveness import (
    COLLECTED,
    COMPANIES,
    Observation,
    Observations,
    companies,
    observe,
    responsiveness_row,
    responsiveness_rows,
)
from gil_demo.words import Company


@pytest.fixture(scope="module")
def plan() -> Plan:
    """A call as long as any."""
    return Plan.calibrated(np.ones(1000), "sum", (1,), 1, 0, frozenset())


def round_of(alone: int, held: int, released: int) -> Observations:
    """A round with that many ticks beside calls of 10 ms."""
    return {
        "alone": Observation(alone, 0.001, 0.01),
        "held": Observation(held, 0.011, 0.01),
        "released": Observation(released, 0.002, 0.01),
    }


def test_beside_a_held_call_the_ticker_stands_still(plan: Plan) -> None:
    """No tick inside a held call, so the stall is at least as long as the call."""
    seen = observe(plan, "held")
    if machine.gil_enabled():
        assert seen.ticks_inside == 0
        assert seen.longest_stall_seconds >= seen.call_seconds
    else:
        assert seen.ticks_inside > 0
    assert seen.call_seconds > 0


def test_alone_the_time_of_a_call_is_watched(plan: Plan) -> None:
    """Without a call the ticker is watched for as long as one is meant to last."""
    seen = observe(plan, "alone")
    assert seen.call_seconds >= CALL_SECONDS
    assert seen.ticks_per_second == seen.ticks_inside / seen.call_seconds


def test_ticks_are_compared_with_the_same_round() -> None:
    """The share of alone is the median of each round's own share, not a ratio of medians."""
    rounds = [round_of(100, 0, 50), round_of(1000, 0, 900), round_of(100, 0, 60)]
    row = responsiveness_row(rounds, "released", none_expected=False)
    assert row.share_of_alone == pytest.approx(0.6)
    assert row.ticks_per_second == pytest.approx(6000)
    assert row.longest_stall_seconds == 0.002
    assert row.call_seconds == 0.01


def test_the_round_closest_to_refuting_is_told() -> None:
    """Ticks inside: the most where none may be, the fewest where some must be."""
    rounds = [round_of(100, 0, 50), round_of(100, 3, 20), round_of(100, 1, 90)]
    alone, held, released = responsiveness_rows(rounds, gil_enabled=True)
    assert (alone.ticks_inside, held.ticks_inside, released.ticks_inside) == (None, 3, 20)
    alone, held, released = responsiveness_rows(rounds, gil_enabled=False)
    assert (alone.ticks_inside, held.ticks_inside, released.ticks_inside) == (None, 0, 20)


def test_the_table_begins_with_the_ticker_alone() -> None:
    """Three rows: alone, beside a held call, beside a released one."""
    rows = responsiveness_rows([round_of(100, 0, 50)], gil_enabled=True)
    assert [row.gil for row in rows] == ["alone", "held", "released"]


def test_a_ticker_that_others_kept_from_ticking_is_no_failure() -> None:
    """On a crowded machine the ticker may not tick once even alone; the table is made anyway."""
    rows = responsiveness_rows([round_of(0, 0, 5)], gil_enabled=True)
    assert all(math.isfinite(row.share_of_alone) for row in rows)
    rows = responsiveness_rows([round_of(0, 0, 5), *[round_of(100, 0, 50)] * 2], gil_enabled=True)
    assert [row.gil for row in rows] == ["alone", "held", "released"]


def test_where_a_collection_was_watched_the_table_has_rows_of_it() -> None:
    """A held call keeps the ticker waiting for the collection; both rows come after the others."""
    collected: Observations = {
        "held-collected": Observation(3, 0.008, 0.01),
        "released-collected": Observation(90, 0.001, 0.01),
    }
    rows = responsiveness_rows([round_of(100, 50, 50) | collected], gil_enabled=False)
    assert [row.gil for row in rows[3:]] == list(COLLECTED)
    assert [row.longest_stall_seconds for row in rows[3:]] == [0.008, 0.001]


def test_a_collection_is_watched_only_where_there_is_no_gil() -> None:
    """With a GIL a collection stops nobody that a held call does not stop already."""
    assert companies(gil_enabled=True) == COMPANIES
    assert companies(gil_enabled=False) == (*COMPANIES, *COLLECTED)


@pytest.mark.parametrize("company", COLLECTED)
def test_the_collection_is_over_when_the_call_was_watched(plan: Plan, company: Company) -> None:
    """Its thread has ended, and the call lasted as long as any."""
    seen = observe(plan, company)
    assert seen.call_seconds > 0
    assert "collector" not in [thread.name for thread in threading.enumerate()]


def test_no_collection_ends_inside_a_held_call(plan: Plan) -> None:
    """Without a GIL it waits for the call; with one its thread does not run before that."""
    assert not observe(plan, "held-collected").collection_ended


def test_rounds_are_counted_in_which_a_collection_began_and_ended_inside() -> None:
    """One that began inside need not have ended there."""
    inside = {"none": (False, False), "begun": (True, False), "both": (True, True)}
    rounds: list[Observations] = [
        round_of(100, 50, 50) | {"released-collected": Observation(90, 0.001, 0.01, None, *seen)}
        for seen in inside.values()
    ]
    row = responsiveness_row(rounds, "released-collected", none_expected=False)
    assert (row.collections_begun, row.collections_ended) == (2, 1)
