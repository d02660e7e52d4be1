"""The parts of a lesson's step: its page, and the live run that decides its question."""

from collections.abc import Callable
from dataclasses import dataclass

from gil_demo.progress import Progress
from gil_demo.results.lesson import Code, Seen


@dataclass(frozen=True, slots=True)
class Source:
    """Where to read more."""

    title: str
    address: str


@dataclass(frozen=True, slots=True)
class Step:
    """One idea, a prediction to make, and the live run that decides it.

    `number` is its place among `steps` in the whole lesson, `right` the index of the right
    answer, and `code` gets the C that is shown with the question, if any. For the presenter
    are `why` that answer is right, the usual `misconception`, a further question to `ask`
    with its `reply`, and `otherwise`: what to say where a run shows something else. The step
    takes so many `minutes` with a class.
    """

    number: int
    steps: int
    name: str
    title: str
    idea: str
    question: str
    answers: tuple[str, ...]
    right: int
    why: str
    remember: str
    misconception: str
    ask: str
    reply: str
    otherwise: str
    sources: tuple[Source, ...]
    minutes: int
    run: Callable[[Progress], Seen]
    code: Callable[[], Code] | None = None
