"""Arithmetic on spans: how many calls were inside at once, on average, and for how long."""

import pytest

from gil_demo.measuring.spans import mean_inside, peak_inside, wall_seconds
from gil_demo.results.run import Span


def spans(*moments: tuple[int, int]) -> list[Span]:
    return [Span("held", thread, *moment) for thread, moment in enumerate(moments, start=1)]


def test_one_call_is_inside_alone() -> None:
    """A single call: one inside at most, one on average, for as long as it lasts."""
    alone = spans((100, 300))
    assert (peak_inside(alone), mean_inside(alone), wall_seconds(alone)) == (1, 1.0, 200e-9)


def test_calls_that_follow_each_other_are_never_inside_together() -> None:
    """A gap between two calls: one inside at most; the gap is not averaged, but is wall time."""
    apart = spans((0, 100), (150, 250))
    assert (peak_inside(apart), mean_inside(apart), wall_seconds(apart)) == (1, 1.0, 250e-9)


def test_calls_that_touch_do_not_overlap() -> None:
    """A call that leaves at the nanosecond another enters is not inside with it."""
    touching = spans((100, 200), (0, 100), (200, 300))
    assert (peak_inside(touching), mean_inside(touching)) == (1, 1.0)


def test_calls_that_overlap_are_inside_together() -> None:
    """Half of each call together with the other: two at most, 4/3 on average."""
    overlapping = spans((0, 100), (50, 150))
    assert peak_inside(overlapping) == 2
    assert mean_inside(overlapping) == pytest.approx(200 / 150)


def test_a_call_within_another_is_counted() -> None:
    """A short call in the middle of a long one: two at most, and wall time is the long one's."""
    nested = spans((0, 100), (40, 60))
    assert (peak_inside(nested), wall_seconds(nested)) == (2, 100e-9)
    assert mean_inside(nested) == pytest.approx(1.2)


def test_a_long_call_keeps_counting_after_the_short_ones() -> None:
    """Several short calls in one long one count once each, and never twice for the same time."""
    nested = spans((0, 100), (10, 20), (15, 30), (90, 100))
    assert peak_inside(nested) == 3
    assert mean_inside(nested) == pytest.approx((100 + 10 + 15 + 10) / 100)


def test_calls_at_the_very_same_time_all_count() -> None:
    """Four equal spans: four inside, at most and on average."""
    equal = spans(*[(10, 20)] * 4)
    assert (peak_inside(equal), mean_inside(equal), wall_seconds(equal)) == (4, 4.0, 10e-9)


def test_the_order_of_the_spans_does_not_matter() -> None:
    """Threads may be listed in any order, whoever was first."""
    some = spans((0, 100), (50, 150), (140, 300), (400, 500))
    for listed in (some, some[::-1]):
        assert (peak_inside(listed), wall_seconds(listed)) == (2, 500e-9)
        assert mean_inside(listed) == pytest.approx(460 / 400)


def test_one_call_ending_and_one_beginning_keep_the_peak() -> None:
    """Three calls of which only two meet at any moment: the peak is two."""
    assert peak_inside(spans((0, 100), (50, 150), (100, 200))) == 2
