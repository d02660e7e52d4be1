"""The lesson as it is read: the page that asks, the page that shows, list, notes and score."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.rule import Rule
from rich.text import Text

from gil_demo.report.document import json_text, tour_document
from gil_demo.report.kit.columns import ruled_table
from gil_demo.report.kit.palette import STATE_STYLES
from gil_demo.report.kit.report import Texts
from gil_demo.report.lesson_figures import drawn
from gil_demo.results.lesson import Lanes, Seen
from gil_demo.tour.kept import result_of
from gil_demo.tour.record import Prediction
from gil_demo.tour.step import Step
from gil_demo.tour.walk import Walk

AFTERWARDS = """\
Go on with gil-demo show gilexample, the question's program line by line, and gil-demo list,
what else can go wrong. Once more from the start: gil-demo tour --restart"""

MAX_TEXT_COLUMNS = 90
"""Longer lines are hard to follow from the back row."""

QUESTION_KEYS = "Enter: run it   b: back   s: skip   q: quit"
SEEN_KEYS = "Enter: {onward}   b: back   r: again   m: read more   q: quit"


@dataclass(frozen=True, slots=True)
class QuestionPage:
    """The idea, and the prediction to make."""

    step: Step
    predicted: int | None = None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        options = _narrowed(options)
        for part in self._parts():
            yield from console.render(part, options)

    def _parts(self) -> Iterator[RenderableType]:
        yield _header(self.step)
        yield Text()
        yield _prose(self.step.idea)
        yield Text()
        yield Text(self.step.question, "bold")
        yield Text()
        for index, answer in enumerate(self.step.answers):
            chosen = index == self.predicted
            yield _Hanging(f"{index + 1}", Text(answer, "bold" if chosen else ""), "bold cyan")


@dataclass(frozen=True, slots=True)
class SeenPage:
    """The live run's figures, and what they say about each answer."""

    step: Step
    seen: Seen
    predicted: int | None = None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from console.render(_header(self.step), _narrowed(options))
        for figure in self.seen.figures:
            yield drawn(figure)
            if figure is self.seen.figures[-1] or not isinstance(figure, Lanes):
                yield Text()
        options = _narrowed(options)
        if self.seen.note:
            yield Text(self.seen.note, "bold")
        for part in (*self._parts(), _ReadMore(self.step, linked=True)):
            yield from console.render(part, options)

    def _parts(self) -> Iterator[RenderableType]:
        seen = self.seen
        if seen.state != "shown":
            label = "Not shown: " if seen.state == "inconclusive" else "Contradicted: "
            yield Text.assemble((label, STATE_STYLES[seen.state]), f"{seen.reason}.")
            yield Text()
        for index, (answer, remark) in enumerate(seen.beside(self.step.answers)):
            yield self._answer(index, answer, remark)
        if seen.state == "shown":
            yield _Hanging("=>", Text(self.step.remember, "bold"), "bold green")

    def _answer(self, index: int, answer: str, remark: str) -> RenderableType:
        right = index == self.seen.right
        text = Text.assemble((answer, "bold green" if right else ""))
        if index == self.predicted:
            text.append("  (yours)", "bold cyan")
        if remark:
            text.append(f"\n{remark}")
        return _Hanging(f"{index + 1}", text, "bold green" if right else "bold cyan")


@dataclass(frozen=True, slots=True)
class TourReport:
    """The steps of a walk that were run, in every form."""

    walk: Walk

    def screen(self) -> RenderableType:
        """Return the pages of every step."""
        return taken(self.walk)

    def texts(self) -> Texts:
        """Return what makes each text, by the option that asks for it."""
        return {"json": lambda: json_text(tour_document(result_of(self.walk)))}


def taken(walk: Walk) -> RenderableType:
    """Draw both pages of every step that was run, one below the other, for a picture."""
    pages: list[RenderableType] = []
    for step in walk.lesson:
        if step.name in walk.seen:
            predicted = walk.predicted(step)
            pages += [QuestionPage(step, predicted), Text()]
            pages += [SeenPage(step, walk.seen[step.name], predicted), Text()]
    return Group(*pages)


def lesson_table(lesson: Sequence[Step], predictions: Mapping[str, Prediction]) -> RenderableType:
    """List the steps, how long each takes with a class, and the predictions so far."""
    table = ruled_table()
    table.add_column("", justify="right")
    table.add_column("step")
    table.add_column("minutes", justify="right")
    table.add_column("your prediction")
    for step in lesson:
        said = predictions.get(step.name)
        judged = "" if said is None else _judged(said)
        table.add_row(str(step.number), Text(step.title, "bold"), str(step.minutes), judged)
    minutes = sum(step.minutes for step in lesson)
    return Group(
        table,
        Text(f"\n{minutes} minutes with a class. gil-demo tour --step N takes one step,"),
        Text("gil-demo tour --notes prints the questions with a presenter's notes."),
    )


def notes(lesson: Sequence[Step]) -> RenderableType:
    """Print a presenter's notes: the misconception, a question to ask, the line to say."""
    return Group(*(part for step in lesson for part in _note(step)))


def _note(step: Step) -> Iterator[RenderableType]:
    yield _header(step)
    for label, text in (
        ("Asks", step.question),
        ("Misconception", step.misconception),
        ("Ask them", step.ask),
        ("Remember", step.remember),
        ("Minutes", str(step.minutes)),
    ):
        yield _Hanging(f"{label:<13}", Text(text), "bold")
    yield Text()


def score(lesson: Sequence[Step], predictions: Mapping[str, Prediction]) -> RenderableType:
    """Say how many predictions came true, and what to read for each that did not."""
    made = [(step, predictions[step.name]) for step in lesson if step.name in predictions]
    decided = [(step, one) for step, one in made if one.right is not None]
    missed = [step for step, one in decided if not one.came_true]
    parts: list[RenderableType] = [Rule("The end of the lesson", align="left"), Text()]
    if not decided:
        parts.append(Text("No predictions were made, so there is no score."))
    else:
        came_true = len(decided) - len(missed)
        text = Text.assemble((f"{came_true} of {len(decided)} predictions came true.", "bold"))
        left = len(made) - len(decided)
        if left:
            text.append(f" {left} could not be decided by these runs.")
        parts.append(text)
    for step in missed:
        parts += [Text(), Text(f"{step.title}: {step.remember}"), _ReadMore(step, linked=False)]
    return Group(*parts, Text(), Text(AFTERWARDS))


def question_keys(step: Step) -> Text:
    """List the keys of the page that asks."""
    return Text(f"\n1-{len(step.answers)}: your prediction   {QUESTION_KEYS}", "dim")


def seen_keys(*, last: bool) -> Text:
    """List the keys of the page that shows."""
    return Text(f"\n{SEEN_KEYS.format(onward='finish' if last else 'next')}", "dim")


def read_more(step: Step) -> RenderableType:
    """Print the addresses where to read more, to be copied."""
    return Group(Text(), _ReadMore(step, linked=False))


@dataclass(frozen=True, slots=True)
class _ReadMore:
    """Where to read more: titles that are links where links can be had, else the addresses.

    An address that is longer than the screen is wide is left whole, so that it can be
    copied, but in a picture it is folded, so that it can be read.
    """

    step: Step
    linked: bool

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if self.linked and console.is_terminal and not console.record:
            text = Text("Read more: ", "dim")
            for position, source in enumerate(self.step.sources):
                text.append(" · " if position else "")
                text.append(source.title, f"underline link {source.address}")
            yield text
            return
        yield Text("Read more:", "dim")
        for source in self.step.sources:
            yield Text(source.title, "dim")
            whole = not console.record
            yield Text(source.address, "dim", no_wrap=whole, overflow="ignore" if whole else "fold")


def _judged(prediction: Prediction) -> str:
    if prediction.right is None:
        return "undecided"
    return "came true" if prediction.came_true else "missed"


def _header(step: Step) -> RenderableType:
    return Rule(
        Text.assemble((step.title, "bold"), f"  {step.number} of {step.steps}"), align="left"
    )


def _narrowed(options: ConsoleOptions) -> ConsoleOptions:
    return options.update(width=min(options.max_width, MAX_TEXT_COLUMNS))


def _prose(text: str) -> Text:
    return Text(text.replace("``", ""))


@dataclass(frozen=True, slots=True)
class _Hanging:
    """Text beside a mark, whose lines all begin in the same column."""

    mark: str
    text: Text
    style: str = ""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        indent = len(self.mark) + 3
        lines = self.text.wrap(console, max(10, options.max_width - indent))
        for position, line in enumerate(lines):
            lead = f" {'' if position else self.mark}".ljust(indent)
            line.rstrip()
            yield Text.assemble((lead, self.style), line)
