"""Compares two jobs of the same rounds: round by round, never one average with another."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import comb
from typing import TypeVar

Name = TypeVar("Name")

Rounds = Sequence[Mapping[Name, float]]
"""The figure of each job by its name, round by round."""


def ratios(rounds: Rounds[Name], above: Name, below: Name) -> list[float]:
    """Divide one job's figure by another's in each round."""
    return [one[above] / one[below] for one in rounds]


def differences(rounds: Rounds[Name], more: Name, less: Name) -> list[float]:
    """Subtract one job's figure from another's in each round."""
    return [one[more] - one[less] for one in rounds]


def fastest(rounds: Rounds[Name]) -> dict[Name, float]:
    """Find each job's smallest figure: the one in which others took least from it."""
    return {name: min(one[name] for one in rounds) for name in rounds[0]}


@dataclass(frozen=True, slots=True)
class Tally:
    """In how many rounds one figure was above another, and in how many below."""

    above: int
    below: int

    @classmethod
    def of(cls, pairs: Iterable[tuple[float, float]]) -> "Tally":
        """Count the pairs whose first figure is the larger one, and those where it is the smaller.

        Equal figures count for neither.
        """
        known = list(pairs)
        above = sum(one > other for one, other in known)
        return cls(above, sum(one < other for one, other in known))

    @property
    def chance(self) -> float:
        """How likely so uneven a count is if either is as likely as the other.

        This is the two-sided sign test: it asks for no distribution of the figures.
        """
        count = self.above + self.below
        as_uneven = range(max(self.above, self.below), count + 1)
        return min(1.0, 2.0 * sum(comb(count, wins) for wins in as_uneven) * 0.5**count)
