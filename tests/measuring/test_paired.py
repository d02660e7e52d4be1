"""Paired comparison: round by round, and whether an uneven count may be chance."""

import pytest

from gil_demo.measuring.paired import Tally, differences, fastest, ratios

ROUNDS = [{"a": 4.0, "b": 2.0}, {"a": 9.0, "b": 3.0}]


def test_each_round_is_compared_with_itself() -> None:
    """Neither figure ever meets one of another round."""
    assert ratios(ROUNDS, "a", "b") == [2.0, 3.0]
    assert differences(ROUNDS, "a", "b") == [2.0, 6.0]
    assert fastest(ROUNDS) == {"a": 4.0, "b": 2.0}


def test_equal_figures_count_for_neither() -> None:
    """A tie says nothing about which of the two is larger."""
    assert Tally.of([(2, 1), (1, 2), (3, 1), (1, 1)]) == Tally(above=2, below=1)


@pytest.mark.parametrize(
    ("above", "below", "chance"),
    [(0, 0, 1.0), (1, 0, 1.0), (3, 3, 1.0), (5, 0, 2 / 32), (0, 5, 2 / 32), (4, 1, 12 / 32)],
)
def test_chance_is_that_of_a_coin(above: int, below: int, chance: float) -> None:
    """Thrown so often, at least as uneven, whichever side wins."""
    assert Tally(above, below).chance == pytest.approx(chance)
