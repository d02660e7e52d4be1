"""The lesson as it is read: the page that asks, the page that shows, list, notes and score."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.segment import Segment
from rich.text import Text

from gil_demo.host.notebook import in_cell
from gil_demo.notation import count
from gil_demo.report.kit.columns import address_line, rule, ruled_table
from gil_demo.report.kit.palette import STATE_STYLES
from gil_demo.report.lesson_figures import drawn
from gil_demo.results.lesson import Lanes, Seen
from gil_demo.tour.record import Prediction
from gil_demo.tour.step import Step

AFTERWARDS = """\
Go on with gil-demo show gilexample, the question's program line by line,
and with gil-demo list, what else can go wrong.
Once more from the start: gil-demo tour --restart"""

RIGHT_STYLE = "green"
"""Not bold: many light terminals show bold green in a bright green that is hard to read."""

MAX_TEXT_COLUMNS = 90
"""Longer lines are hard to follow from the back row."""

QUESTION_KEYS = "Enter: run it   b: back   s: skip   q: quit"
SEEN_KEYS = "Enter: {onward}   b: back   r: again   m: why, and more   q: quit"


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
        yield header(self.step)
        yield Text()
        yield _prose(self.step.idea)
        yield Text()
        if self.step.code:
            yield drawn(self.step.code())
            yield Text()
        yield from question(self.step, self.predicted)


@dataclass(frozen=True, slots=True)
class SeenPage:
    """The live run's figures, and what they say about each answer.

    Where that is more than so many `rows`, the legend of the lanes, which stood on the first
    page, and the titles to read, which have a key of their own, are left out as far as needed.
    """

    step: Step
    seen: Seen
    predicted: int | None = None
    rows: int | None = None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for legend, more in ((True, True), (True, False), (False, False)):
            segments = list(self._drawn(console, options, legend=legend, more=more))
            if self.rows is None or sum(one.text.count("\n") for one in segments) <= self.rows:
                break
        yield from segments

    def _drawn(
        self, console: Console, options: ConsoleOptions, *, legend: bool, more: bool
    ) -> Iterator[Segment]:
        narrow = _narrowed(options)
        yield from console.render(header(self.step), narrow)
        for figure in self.seen.figures:
            yield from console.render(drawn(figure, legend=legend), options)
            last = figure is self.seen.figures[-1]
            if not self.seen.note if last else not isinstance(figure, Lanes):
                yield from console.render(Text(), options)
        if self.seen.note:
            yield from console.render(Text(self.seen.note, "bold"), narrow)
        for part in answers(self.step, self.seen, self.predicted):
            yield from console.render(part, narrow)
        if more:
            yield from console.render(_ReadMore(self.step, linked=True), narrow)


def question(step: Step, predicted: int | None = None) -> Iterator[RenderableType]:
    """Draw the question, and the answers to choose from."""
    yield Text(step.question, "bold")
    yield Text()
    for index, answer in enumerate(step.answers):
        chosen = index == predicted
        yield _Hanging(f"{index + 1}", Text(answer, "bold" if chosen else ""), "bold")


def answers(step: Step, seen: Seen, predicted: int | None = None) -> Iterator[RenderableType]:
    """Draw what a run says about each answer, and the line to remember if it was shown."""
    if seen.state != "shown":
        label = "Not shown: " if seen.state == "inconclusive" else "Contradicted: "
        yield Text.assemble((label, STATE_STYLES[seen.state]), f"{seen.reason}.")
        yield Text()
    for index, (answer, remark) in enumerate(seen.beside(step.answers)):
        right = index == seen.right
        text = Text.assemble((answer, RIGHT_STYLE if right else ""))
        if index == predicted:
            text.append("  (yours)", "bold")
        if remark:
            text.append(f"\n{remark}")
        yield _Hanging(f"{index + 1}", text, RIGHT_STYLE if right else "bold")
    if seen.state == "shown":
        yield _Hanging("=>", Text(step.remember, "bold"), RIGHT_STYLE)


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
        Text(f"\n{count(minutes, 'minute')} with a class. gil-demo tour --step N takes one step,"),
        Text("gil-demo tour --notes prints the questions with a presenter's notes."),
    )


def notes(lesson: Sequence[Step]) -> RenderableType:
    """Print a presenter's notes: all that a teacher says and asks, with the answers."""
    return Group(*(part for step in lesson for part in _note(step)))


def _note(step: Step) -> Iterator[RenderableType]:
    yield header(step)
    answers = (
        Text(f"{number}. {answer}", RIGHT_STYLE if number == step.right + 1 else "")
        for number, answer in enumerate(step.answers, start=1)
    )
    for label, text in (
        (count(step.minutes, "minute"), _prose(step.idea)),
        ("Question", Text(step.question, "bold")),
        ("Answers", Text("\n").join(answers)),
        (f"Right: {step.right + 1}", _prose(step.why)),
        ("Misconception", _prose(step.misconception)),
        ("Ask them", Text(step.ask, "bold")),
        ("Answer", _prose(step.reply)),
        ("Otherwise", _prose(step.otherwise)),
        ("Remember", Text(step.remember, "bold")),
    ):
        yield _Hanging(f"{label:<13}", text, "bold")
    yield Text()


def score(lesson: Sequence[Step], predictions: Mapping[str, Prediction]) -> RenderableType:
    """Say how many predictions came true, and what to read for each that did not."""
    made = [(step, predictions[step.name]) for step in lesson if step.name in predictions]
    decided = [(step, one) for step, one in made if one.right is not None]
    missed = [step for step, one in decided if not one.came_true]
    parts: list[RenderableType] = [rule(Text("The end of the lesson")), Text()]
    for step, one in decided:
        if not one.came_true:
            parts += [*_missed(step, one), Text()]
    if not decided:
        parts.append(Text("No predictions were made, so there is no score."))
    else:
        came_true = len(decided) - len(missed)
        text = Text.assemble((f"{came_true} of {len(decided)} predictions came true.", "bold"))
        left = len(made) - len(decided)
        if left:
            text.append(f" {left} could not be decided by these runs.")
        parts.append(text)
    return Group(*parts, Text(), Text(AFTERWARDS))


def _missed(step: Step, prediction: Prediction) -> Iterator[RenderableType]:
    """Say what was predicted, what the run showed, and where to read more."""
    yield Text.assemble("Missed: ", (f"{step.number}  {step.title}", "bold"))
    for label, index in (("you said", prediction.predicted), ("it was", prediction.right)):
        if index is not None and index < len(step.answers):
            yield _Hanging(f"{label:<8}", Text(step.answers[index]))
    yield _Hanging("=>", Text(step.remember, "bold"), RIGHT_STYLE)
    yield _ReadMore(step, linked=False)


def question_keys(step: Step) -> Text:
    """List the keys of the page that asks."""
    return Text(f"\n1-{len(step.answers)}: your prediction   {QUESTION_KEYS}", "dim")


def seen_keys(*, last: bool) -> Text:
    """List the keys of the page that shows."""
    return Text(f"\n{SEEN_KEYS.format(onward='finish' if last else 'next')}", "dim")


def read_more(step: Step) -> RenderableType:
    """Print why the answer is right, a further question with its answer, and addresses to copy."""
    said = (
        (f"Right: {step.right + 1}", _prose(step.why)),
        ("Ask yourself", Text(step.ask, "bold")),
        ("Answer", _prose(step.reply)),
    )
    hanging = (_Hanging(f"{label:<12}", text, "bold") for label, text in said)
    return Group(Text("\n"), *hanging, _ReadMore(step, linked=False))


@dataclass(frozen=True, slots=True)
class _ReadMore:
    """Where to read more: titles that are links where the screen has links, else the addresses.

    See `address_line` for the addresses.
    """

    step: Step
    linked: bool

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if self.linked and console.is_terminal and not console.record and not in_cell():
            text = Text("Read more: ", "dim")
            for position, source in enumerate(self.step.sources):
                text.append(" · " if position else "")
                text.append(source.title, f"underline link {source.address}")
            yield text
            return
        yield Text("Read more:", "dim")
        for source in self.step.sources:
            yield Text(source.title, "dim")
            yield address_line(source.address, console)


def _judged(prediction: Prediction) -> str:
    if prediction.right is None:
        return "undecided"
    return "came true" if prediction.came_true else "missed"


def header(step: Step) -> RenderableType:
    """Draw a step's title, and its place in the lesson."""
    return rule(Text.assemble((step.title, "bold"), f"  {step.number} of {step.steps}"))


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
