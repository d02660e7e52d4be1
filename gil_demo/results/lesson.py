"""What a live run of a lesson's step shows. Its figures are numbers until they are drawn."""

from dataclasses import dataclass
from typing import Literal

from gil_demo.results.host import Environment
from gil_demo.results.numbers import Spread
from gil_demo.results.patterns import PatternRow
from gil_demo.results.run import Panel, ResponsivenessRow
from gil_demo.words import State


@dataclass(frozen=True)
class Cell:
    """A number in a table, in its unit, to be drawn with so many digits after the point.

    `low` and `high` are the ends of the spread around it, None where it has none. Counts are
    whole numbers, in a document too.
    """

    value: int | float
    unit: str = ""
    digits: int = 0
    low: int | float | None = None
    high: int | float | None = None

    @classmethod
    def of(cls, spread: Spread, unit: str = "", digits: int = 0) -> "Cell":
        """Make the cell of a median, with the ends of its spread if they differ."""
        if spread.low == spread.high:
            return cls(spread.median, unit, digits)
        return cls(spread.median, unit, digits, spread.low, spread.high)


@dataclass(frozen=True)
class Table:
    """Rows of words and numbers under a header; a cell is None where there is nothing to tell."""

    header: tuple[str, ...]
    rows: tuple[tuple[str | Cell | None, ...], ...]
    caption: str = ""
    kind: Literal["table"] = "table"


@dataclass(frozen=True)
class Line:
    """A line of C by its number, and a remark of a few words beside it, or none.

    The text may be wrapped: where a line would leave no room for a remark, and where a
    statement goes on in the next line. The remark may have several lines.
    """

    number: int
    text: str
    remark: str = ""


@dataclass(frozen=True)
class Code:
    """Some lines of C with remarks."""

    title: str
    lines: tuple[Line, ...]
    kind: Literal["code"] = "code"


@dataclass(frozen=True)
class Lanes:
    """Races as lanes of threads and of the ticker."""

    panels: tuple[Panel, ...]
    gil_enabled: bool
    kind: Literal["lanes"] = "lanes"


@dataclass(frozen=True)
class Responsiveness:
    """The responsiveness table, over some rounds."""

    rows: tuple[ResponsivenessRow, ...]
    rounds: int
    kind: Literal["responsiveness"] = "responsiveness"


@dataclass(frozen=True)
class Trials:
    """How halves of patterns ended, with the evidence of each."""

    rows: tuple[PatternRow, ...]
    kind: Literal["trials"] = "trials"


Figure = Lanes | Responsiveness | Trials | Table | Code


@dataclass(frozen=True)
class Seen:
    """What one live run of a step shows.

    `right` is the index of the answer that this run confirms, or None. `remarks` has a
    remark for each answer, from the figures of this run; the last ones may be left out. Where
    `state` is not shown, `reason` says why, in a clause. `note` is a line that warns a
    reader of the figures, because the machine was busy.
    """

    state: State
    right: int | None
    remarks: tuple[str, ...]
    figures: tuple[Figure, ...]
    reason: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        if self.right is not None and self.state != "shown":
            raise ValueError(f"a run that is {self.state} confirms no answer")

    @classmethod
    def shown(
        cls, right: int, remarks: tuple[str, ...], figures: tuple[Figure, ...], note: str = ""
    ) -> "Seen":
        """Say which answer is right, and what the figures say about each."""
        return cls("shown", right, remarks, figures, note=note)

    @classmethod
    def open(
        cls, reason: str, figures: tuple[Figure, ...] = (), remarks: tuple[str, ...] = ()
    ) -> "Seen":
        """Say why this run decides nothing."""
        return cls("inconclusive", None, remarks, figures, reason)

    @classmethod
    def traced(cls, found: str, figures: tuple[Figure, ...]) -> "Seen":
        """Say that a contradiction may be the work of a tool that traces this process."""
        tool = "a tool that traces or profiles this process may have released the GIL between them"
        return cls.open(f"{found}; {tool}", figures)

    @classmethod
    def contradicted(
        cls, reason: str, figures: tuple[Figure, ...] = (), remarks: tuple[str, ...] = ()
    ) -> "Seen":
        """Say what must not happen and did."""
        return cls("contradicted", None, remarks, figures, reason)

    def beside(self, answers: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        """Pair each answer with its remark, which is blank where this run says nothing of it."""
        blank = ("",) * (len(answers) - len(self.remarks))
        return tuple(zip(answers, self.remarks + blank, strict=True))


@dataclass(frozen=True)
class Answered:
    """An answer, and what the figures of this run say about it."""

    answer: str
    remark: str


@dataclass(frozen=True)
class StepResult:
    """A step that was run: its question and answers, and what was seen.

    `right` is the number of the right answer, from 1; the other fields are those of `Seen`.
    """

    number: int
    name: str
    title: str
    question: str
    answers: tuple[Answered, ...]
    right: int | None
    state: State
    reason: str
    note: str = ""
    figures: tuple[Figure, ...] = ()


@dataclass(frozen=True)
class LessonResult:
    """The steps that were run, in order, and where that was.

    `machine_busy` of the environment is the largest share that others took during any step.
    """

    environment: Environment
    steps: tuple[StepResult, ...]
