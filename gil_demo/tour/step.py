"""The parts of a lesson's step, and of what a live run of it shows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gil_demo.measuring.progress import Progress
from gil_demo.results.patterns import PatternRow
from gil_demo.results.run import Panel, ResponsivenessRow
from gil_demo.words import State


@dataclass(frozen=True, slots=True)
class Picture:
    """Lanes of threads and of the ticker."""

    panels: tuple[Panel, ...]
    gil_enabled: bool


@dataclass(frozen=True, slots=True)
class Responsiveness:
    """The responsiveness table, over some rounds."""

    rows: tuple[ResponsivenessRow, ...]
    rounds: int


@dataclass(frozen=True, slots=True)
class Trials:
    """What halves of patterns ended in, with the evidence of each."""

    rows: tuple[PatternRow, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under a header; the first column is text, the others are figures.

    With `text` set, all columns are text and may be wrapped.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""
    text: bool = False


@dataclass(frozen=True, slots=True)
class Code:
    """C by the numbers of its lines, and remarks of a few words beside some of them.

    What stands under one number may be wrapped: where a line would leave no room for
    remarks, and where a statement goes on in the next line.
    """

    title: str
    lines: Mapping[int, str]
    remarks: Mapping[int, str]


Figure = Picture | Responsiveness | Trials | Table | Code


@dataclass(frozen=True, slots=True)
class Seen:
    """The result of one live run of a step.

    `right` is the index of the answer that this run confirms, or None. `remarks` has a
    remark for each answer, from the figures of this run. Where `state` is not shown,
    `reason` says why, in a clause. `note` warns a reader of the figures.
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


@dataclass(frozen=True, slots=True)
class Source:
    """Where to read more."""

    title: str
    address: str


@dataclass(frozen=True, slots=True)
class Step:
    """One idea, a prediction to make, and the live run that decides it.

    `number` is its place among `steps` in the whole lesson. `misconception` and `ask`
    are for the presenter; `minutes` is what the step takes with a class.
    """

    number: int
    steps: int
    name: str
    title: str
    idea: str
    question: str
    answers: tuple[str, ...]
    remember: str
    misconception: str
    ask: str
    sources: tuple[Source, ...]
    minutes: int
    run: Callable[[Progress], Seen]
