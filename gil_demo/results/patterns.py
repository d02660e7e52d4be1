"""How the halves of the patterns ended: what they found, or what killed them."""

from collections.abc import Iterable
from dataclasses import dataclass

from gil_demo.results.host import Environment
from gil_demo.results.numbers import Spread
from gil_demo.results.reading import content, read
from gil_demo.words import Cause, Expected, Half, Outcome, State, each

Numbers = int | float | tuple[int | float, ...]
"""A number that was computed, or several."""


@dataclass(frozen=True)
class Finding:
    """The result of a half that ran to its end.

    `seen` is a clause that says what was observed, or which numbers `found` and `expected`
    are; these are None where there was nothing to compare. `more` is a further clause.
    """

    outcome: Outcome
    seen: str
    more: str = ""
    found: int | float | tuple[int | float, ...] | None = None
    expected: int | float | tuple[int | float, ...] | None = None


@dataclass(frozen=True)
class Frame:
    """One call on the stack of a thread: the file, the line in it, and the function."""

    file: str
    line: int
    function: str


@dataclass(frozen=True)
class Death:
    """The end of a half that left no finding.

    `signal` is the name of the signal that killed the child, None where it was not the
    cause; `fatal_error` is the error with which the interpreter gave up, and `error` the last
    line that a child which raised an exception wrote, or what kept the sandbox from judging.
    `note` is the last thing that the half
    said it had done, and `after_ms` the time from there to the end. The kernel had got
    through `done` of `total` elements; `total` is 0 where it does not count. `stacks` has
    the frames of each thread, the innermost first, as far as they belong to the half.
    """

    outcome: Outcome
    cause: Cause
    signal: str | None = None
    fatal_error: str | None = None
    error: str | None = None
    note: str | None = None
    after_ms: float | None = None
    done: int = 0
    total: int = 0
    stacks: tuple[tuple[Frame, ...], ...] = ()


@dataclass(frozen=True)
class Ending:
    """How one run of one half ended: it left a finding, or it died."""

    left: Finding | Death
    seconds: float

    @property
    def outcome(self) -> Outcome:
        """Return what it ended in."""
        return self.left.outcome


@dataclass(frozen=True)
class PatternRow:
    """Several runs of one half.

    `finding` or `death`, one of them, is that of the first run that tells most: one that
    did not end as expected, or, of races left to chance, one that went wrong; else simply
    the first. `expected` is the outcome that the half must end in, or several of which it may
    end in any. `evidence` says the same in a sentence. Documents that were written before
    there were `finding` and `death` have the sentence only. `caveat` says in a clause why the
    half is safe only with a GIL, where it was run without one; else it is empty.
    """

    name: str
    half: Half
    runs: int
    expected: Expected
    as_expected: int
    outcomes: dict[Outcome, int]
    evidence: str
    seconds: Spread
    finding: Finding | None = None
    death: Death | None = None
    caveat: str = ""

    @property
    def measured(self) -> bool:
        """Return whether a time decided the outcome, so that it proves nothing."""
        return "slow" in each(self.expected)


@dataclass(frozen=True)
class TryResult:
    """The patterns that were tried, a row for each half, and where.

    Documents that were written before there was an `environment` have None.
    """

    patterns: tuple[PatternRow, ...]
    environment: Environment | None = None


def from_text(text: str) -> TryResult:
    """Return the trials in a document of ``gil-demo try --json``, given as text.

    Raises `gil_demo.results.reading.UnreadableDocument`.
    """
    return read(TryResult, content(text, "gil-demo/try"))


def state_of(rows: Iterable[PatternRow]) -> State:
    """Judge whether every half ended as declared.

    A half that did not finish says nothing, and one whose interleaving was left to chance
    declares nothing.
    """
    declared = [row for row in rows if row.half != "unforced" and row.as_expected < row.runs]
    if any(row.runs - row.as_expected > row.outcomes.get("unfinished", 0) for row in declared):
        return "contradicted"
    return "inconclusive" if declared else "shown"
