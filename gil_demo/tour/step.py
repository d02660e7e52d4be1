"""The parts of a lesson's step: its page, and the live run that decides its question."""

from collections.abc import Callable
from dataclasses import dataclass

from gil_demo.measuring.progress import Progress
from gil_demo.results.lesson import Seen


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
