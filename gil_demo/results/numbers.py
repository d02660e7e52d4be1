"""Several numbers as one: the middle and the ends."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Spread:
    """The median of several rounds, with the lowest and the highest of them."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> "Spread":
        """Make the spread of at least one value."""
        known = sorted(values)
        return cls(median(known), known[0], known[-1])


@dataclass(frozen=True)
class Range:
    """The smallest and the largest count seen in any round."""

    min: int
    max: int

    @classmethod
    def of(cls, values: Iterable[int]) -> "Range":
        """Make the range of at least one value."""
        known = list(values)
        return cls(min(known), max(known))
