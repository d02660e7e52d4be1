"""The words of the results: spreads and ranges over rounds."""

import pytest

from gil_demo.results.numbers import Range, Spread


def test_a_spread_has_the_median_between_its_extremes() -> None:
    """The median of all rounds, with the lowest and the highest, in whatever order they came."""
    assert Spread.of([5.0, 1.0, 3.0]) == Spread(median=3.0, low=1.0, high=5.0)
    assert Spread.of(iter([1.0, 2.0])) == Spread(1.5, 1.0, 2.0)
    assert Spread.of([7.0]) == Spread(7.0, 7.0, 7.0)


def test_a_range_has_the_smallest_and_the_largest() -> None:
    """The smallest and the largest count of any round."""
    assert Range.of(iter([2, 1, 4])) == Range(min=1, max=4)


def test_results_cannot_be_changed() -> None:
    """What was measured stays as it was measured."""
    with pytest.raises(AttributeError):
        Range(1, 2).min = 0  # type: ignore[misc]  # the point of the test
