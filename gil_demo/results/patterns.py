"""How the halves of the patterns ended."""

from dataclasses import dataclass

from gil_demo.results.numbers import Spread
from gil_demo.words import Half, Outcome


@dataclass(frozen=True)
class Ending:
    """How one run of one half ended, and what was seen."""

    name: str
    half: Half
    outcome: Outcome
    evidence: str
    seconds: float


@dataclass(frozen=True)
class PatternRow:
    """Several runs of one half.

    `evidence` is that of the first run that tells most: one that did not end as
    expected, or, of races left to chance, one that went wrong; else simply the first.
    """

    name: str
    half: Half
    runs: int
    expected: Outcome
    as_expected: int
    outcomes: dict[Outcome, int]
    evidence: str
    seconds: Spread
