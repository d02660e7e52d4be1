"""Figures look alike wherever they are written."""

import pytest

from gil_demo import notation
from gil_demo.results.numbers import Range, Spread


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (Spread(1.94, 1.5, 1.99), "1.94x (1.50-1.99)"),
        (Spread(1.0, 1.0, 1.0), "1.00x"),
        (Spread(1.001, 1.0, 1.002), "1.00x"),
        (Spread(99.4, 2.0, 100.0), "99x (2-100)"),
    ],
)
def test_a_spread_shows_its_ends_where_they_differ(values: Spread, text: str) -> None:
    """The unit stands behind the median; from 100 on, digits after the point are left out."""
    assert notation.spread(values, 2, "x") == text


def test_a_factor_scales_every_part_of_a_spread() -> None:
    """Seconds are written as milliseconds."""
    assert notation.spread(Spread(0.06, 0.059, 0.063), 1, factor=1e3) == "60.0 (59.0-63.0)"


def test_an_interval_that_looks_like_one_number_is_empty() -> None:
    """The caller decides how to show that nothing spreads."""
    assert notation.interval(Spread(1.5, 1.25, 1.75), 2) == "1.25-1.75"
    assert notation.interval(Spread(1.5, 1.501, 1.504), 2) == ""


def test_counts_are_written_as_one_where_they_are_one() -> None:
    """The smallest count comes first."""
    assert notation.count_range(Range(1, 2)) == "1-2"
    assert notation.count_range(Range(2, 2)) == "2"


def test_one_thing_has_no_plural() -> None:
    """Of words that have none either, the plural is given."""
    counted = (notation.count(1, "element"), notation.count(2000, "element"))
    assert counted == ("1 element", "2,000 elements")
    assert notation.count(0, "pass", "passes") == "0 passes"
    assert notation.count(2, "advice", "advice") == "2 advice"


def test_times_shares_and_ratios_have_one_form() -> None:
    """Each unit is written in one way."""
    assert notation.in_milliseconds(0.0305) == "30.5"
    assert notation.milliseconds(0.0305) == "30 ms"
    assert notation.milliseconds(0.0305, 1) == "30.5 ms"
    assert notation.percent(0.124) == "12%"
    assert notation.ratio(1.936) == "1.94x"


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (0.0, "0%"),
        (0.0004, "<0.1%"),
        (0.0006, "0.1%"),
        (0.1236, "12.4%"),
        (0.9994, "99.9%"),
        (0.99996, ">99.9%"),
        (1.0, "100%"),
    ],
)
def test_only_nothing_and_all_look_like_nothing_and_all(part: float, text: str) -> None:
    """A call that gave up the GIL for a moment did not have it for 100% of its time."""
    assert notation.share(part) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0, "0 s"), (480e-6, "480 µs"), (0.0312, "31.2 ms"), (1.25, "1.25 s"), (1234.5, "1,234 s")],
)
def test_a_duration_has_three_figures_and_the_unit_that_suits_it(seconds: float, text: str) -> None:
    """No reader counts zeros behind the point."""
    assert notation.duration(seconds) == text


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        (Spread(6.0, 4.5, 11.0), "6.0 times (4.5 to 11.0)"),
        (Spread(0.08, 0.06, 1.2), "0.08 times (0.06 to 1.2)"),
    ],
)
def test_a_ratio_is_told_with_its_spread(ratio: Spread, text: str) -> None:
    """Below one with a digit more."""
    assert notation.times(ratio) == text


def test_the_ends_of_a_spread_stand_in_a_sentence() -> None:
    """The lowest comes first."""
    assert notation.ends(Spread(6.0, 4.5, 1100.0), 1) == "4.5 to 1,100.0"
