"""The lesson: its steps are complete, its pages turn as they should, and nothing is forgotten."""

import re
from collections.abc import Callable
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from gil_demo.report import tour as pages
from gil_demo.report.lesson_figures import drawn
from gil_demo.results.lesson import Cell, Seen, Table
from gil_demo.tour import lesson
from gil_demo.tour.record import Prediction, Record
from gil_demo.tour.step import Step
from gil_demo.tour.walk import Walk

STEPS = lesson.load_all()

WITHOUT_GIL = lesson.load_for(gil_enabled=False)

MAX_WORDS = 80


def no_progress(done: int, steps: int) -> None:
    """Nobody looks."""


def named(*names: str, right: int | None = 1) -> list[Step]:
    """Steps of these names that take no time and always show the same."""
    seen = Seen("shown", right, ("No.", "Yes."), ())
    return [
        replace(STEPS[0], name=name, answers=("a", "b"), run=lambda progress: seen)
        for name in names
    ]


def text_of(renderable: object, columns: int = 80) -> str:
    """What a screen would show."""
    console = Console(file=StringIO(), width=columns, highlight=False, _environ={})
    console.print(renderable)
    file = console.file
    assert isinstance(file, StringIO)
    return file.getvalue()


# The lesson


def test_the_lesson_has_twelve_steps_that_fill_a_class() -> None:
    """Twelve steps, numbered in order, in 25 to 40 minutes."""
    assert [step.number for step in STEPS] == list(range(1, 13))
    assert {step.steps for step in STEPS} == {12}
    assert len({step.name for step in STEPS}) == 12
    assert 25 <= sum(step.minutes for step in STEPS) <= 40


@pytest.mark.parametrize("step", [*STEPS, *WITHOUT_GIL], ids=lambda step: step.name)
def test_a_step_is_short_enough_to_be_read_from_the_back_row(step: Step) -> None:
    """One idea in at most eighty words, a question, and two to four different answers."""
    assert 1 <= len(step.idea.split()) <= MAX_WORDS
    assert step.question.endswith("?")
    assert 2 <= len(set(step.answers)) == len(step.answers) <= 4
    assert step.misconception
    assert step.ask.endswith("?")


MAX_REPLY_WORDS = 90

EXPLAINED = (
    *("GIL", "kernel", "ticker", "span", "reference count", "BEGIN", "END", "block", "native"),
    *("stall", "switch interval", "owns", "borrow", "guarded", "cell", "thread state", "attach"),
    *("contiguous", "stride", "mutex", "dtype"),
)
"""Terms that a student need not know before; each is explained where it comes first."""


@pytest.mark.parametrize("step", [*STEPS, *WITHOUT_GIL], ids=lambda step: step.name)
def test_a_teacher_has_the_answers(step: Step) -> None:
    """Each question comes with its answer, short enough to be said, and with a way out."""
    assert 0 <= step.right < len(step.answers)
    for text in (step.why, step.reply, step.otherwise):
        assert 10 <= len(text.split()) <= MAX_REPLY_WORDS


NEEDS_A_GIL = re.compile(
    r"(has|have|holds?|keeps?|takes?|releas\w+|asks for|waits for|without) the GIL|switch interval"
)


@pytest.mark.parametrize("step", WITHOUT_GIL, ids=lambda step: step.name)
def test_without_a_gil_nobody_is_told_of_one_that_is_held(step: Step) -> None:
    """A part that speaks of holding it has a part of its own for where there is none."""
    asked = (step.question, *step.answers, step.why, step.remember)
    for text in (*asked, step.ask, step.reply, step.otherwise):
        assert not NEEDS_A_GIL.search(text), text


@pytest.mark.parametrize("term", EXPLAINED)
def test_a_term_comes_first_where_it_is_explained(term: str) -> None:
    """A step's idea explains its terms, so no question or answer uses a term before."""
    used = re.compile(rf"\b{term}")
    for step in STEPS:
        if used.search(step.idea):
            return
        for text in (step.title, step.question, *step.answers, step.remember):
            assert not used.search(text), (step.name, text)


def test_the_c_is_seen_before_it_is_asked_about() -> None:
    """The block is shown before the second question, and the question's loop before the eighth."""
    for number, words in ((2, "Py_BEGIN_ALLOW_THREADS"), (8, "NPY_ARRAY_ALIGNED")):
        shown = text_of(pages.QuestionPage(STEPS[number - 1]))
        assert words in shown
        assert "total += data[i];" in shown


@pytest.mark.parametrize("step", [*STEPS, *WITHOUT_GIL], ids=lambda step: step.name)
def test_a_question_fits_a_small_terminal(step: Step) -> None:
    """On 80 columns and 24 rows the page that asks is seen whole, with the keys under it."""
    shown = text_of(pages.QuestionPage(step)) + text_of(pages.question_keys(step))
    assert len(shown.splitlines()) <= 23


@pytest.mark.parametrize("columns", [40, 80, 200])
@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_no_line_of_a_page_is_longer_than_the_screen(step: Step, columns: int) -> None:
    """On a narrow terminal a page is longer, and on a wide one no line is too long to follow."""
    cells = (Cell(12_345.6, "ms", 1),) * 6
    figures = (Table(("", *("column",) * 6), (("a row's name", *cells),), "Why."),)
    remarks = ("No: it is not so.",) * len(step.answers)
    seen = Seen("inconclusive", None, remarks, figures, "a reason")
    shown = text_of(pages.QuestionPage(step), columns) + text_of(
        pages.SeenPage(step, seen, 0), columns
    )
    assert "12,345.6 ms" in shown
    assert re.search("^a row's name ", shown, flags=re.MULTILINE)  # words stand to the left
    lines = [line for line in shown.splitlines() if not line.startswith("https://")]
    assert max(map(len, lines)) <= min(columns, pages.MAX_TEXT_COLUMNS)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_an_idea_quotes_no_measurement(step: Step) -> None:
    """What is on the screen before the run was not measured in it, so it has no such figures."""
    assert not re.search(r"\d\s*(ms|ns|µs|x)\b", f"{step.idea} {step.question} {step.remember}")


def test_a_step_that_lacks_a_part_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever writes a step is told what to add."""
    monkeypatch.setattr("gil_demo.tour.steps.let_go.__doc__", "Title.\n\nIdea:\n    One.\n")
    with pytest.raises(
        lesson.IncompleteStep, match="let_go: its docstring lacks Question, Answers"
    ):
        lesson._step("let_go", gil_enabled=True)


@pytest.mark.parametrize("minutes", [10, 25, 45])
def test_a_plan_leaves_time_to_spare(minutes: int) -> None:
    """A tenth of the lesson is for what comes up, and the steps that matter most are in it."""
    plan = lesson.plan(minutes)
    assert minutes / 2 <= sum(step.minutes for step in plan) <= 0.9 * minutes
    assert {"one-lock", "let-go", "may-i-read"} <= {step.name for step in plan}
    assert list(plan) == [step for step in STEPS if step in plan]


def test_a_time_that_no_step_fits_is_refused() -> None:
    """The message says how much the first step takes."""
    with pytest.raises(lesson.TooShort, match="give 4 or more"):
        lesson.plan(3)
    assert [step.name for step in lesson.plan(4)] == ["one-lock"]


def test_ranges_add_up_in_the_order_of_the_lesson() -> None:
    """However often, and in whatever order, a step is named, it is taken once."""
    assert [step.number for step in lesson.parts([(6, 8), (1, 2), (7, 7), (11, None)])] == [
        *(1, 2, 6, 7, 8, 11, 12)
    ]


@pytest.mark.parametrize(("first", "last"), [(0, None), (13, None), (3, 2), (1, 13)])
def test_unknown_steps_are_refused(first: int, last: int | None) -> None:
    """Only what the lesson has can be chosen."""
    with pytest.raises(lesson.NoSuchStep, match="1 to 12"):
        lesson.part(first, last)


# What the figures say


def test_only_what_was_shown_has_a_right_answer() -> None:
    """A step that shows nothing decides no prediction."""
    with pytest.raises(ValueError, match="confirms no answer"):
        Seen("inconclusive", 0, ("", ""), ())


# The way through


def test_each_step_asks_and_then_shows() -> None:
    """Forward turns page after page, to the end."""
    walk = Walk(named("one", "two"))
    pages_seen = []
    while not walk.over:
        pages_seen.append((walk.step.name, walk.asking))
        walk.go("forward")
    assert pages_seen == [("one", True), ("one", False), ("two", True), ("two", False)]


def test_a_run_is_kept_until_it_is_wanted_again() -> None:
    """Going back shows the same figures; only ``again`` measures anew."""
    runs = []
    (step,) = named("one")

    def count(progress: Callable[[int, int], None]) -> Seen:
        runs.append(1)
        return step.run(progress)

    walk = Walk([replace(step, run=count)])
    walk.go("forward")
    walk.run(no_progress)
    walk.go("back")
    walk.go("forward")
    walk.run(no_progress)
    assert len(runs) == 1
    walk.go("again")
    walk.run(no_progress)
    assert len(runs) == 2


def test_a_skipped_step_is_gone_back_to_at_its_question() -> None:
    """What was not run has nothing to show, so back leads to its question."""
    walk = Walk(named("one", "two"))
    walk.go("skip")
    assert (walk.step.name, walk.asking) == ("two", True)
    walk.go("back")
    assert (walk.step.name, walk.asking) == ("one", True)
    walk.go("back")
    assert (walk.step.name, walk.asking) == ("one", True)


def test_leaving_on_a_page_of_figures_goes_on_behind_it() -> None:
    """Another day does not ask again what was just answered; a page that asks, does."""
    walk = Walk(named("one", "two"))
    assert walk.record().next_step == "one"
    walk.go("forward")
    walk.run(no_progress)
    assert walk.record().next_step == "two"
    walk.go("forward")
    assert walk.record().next_step == "two"
    walk.go("forward")
    walk.run(no_progress)
    assert walk.record().next_step is None


def test_counts_are_the_last_columns_to_go() -> None:
    """On 40 columns a table has the proof, and leaves out the times."""
    times = (Cell(12_345.6, "ms", 1),) * 5
    figure = Table(
        ("", *(f"time {one}" for one in range(5)), "inside"), (("a row", *times, Cell(2)),)
    )
    shown = text_of(drawn(figure), 40)
    assert re.search(r"^a row .* 2$", shown, flags=re.MULTILINE)
    assert "Left out at this width: time" in shown


def test_a_prediction_is_judged_by_the_run() -> None:
    """What was predicted and what was seen are kept together."""
    walk = Walk(named("one", right=1))
    walk.predict(0)
    walk.go("forward")
    walk.run(no_progress)
    assert walk.predictions["one"] == Prediction(0, 1)
    assert not walk.predictions["one"].came_true


# What is kept


def test_the_lesson_goes_on_where_it_was_left() -> None:
    """Another day, with the predictions made so far."""
    first = Walk(named("one", "two", "three"))
    first.predict(1)
    first.go("forward")
    first.run(no_progress)
    first.go("forward")
    second = Walk(named("one", "two", "three"), Record.of(first.record().text()))
    assert (second.step.name, second.asking) == ("two", True)
    assert second.predictions == {"one": Prediction(1, 1)}


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "null", '{"version": 0}', '{"version": 1}'),
        *('{"version": 1, "predictions": 3}', "[" * 200_000, b"\x80\xff"),
        '{"version": 1, "predictions": {"a": {"predicted": Infinity, "right": 1}}, "next_step": 0}',
    ],
    ids=range(10),
)
def test_a_damaged_record_is_a_new_one(text: str | bytes) -> None:
    """Whatever stands in the file, the lesson begins."""
    assert Record.of(text) == Record()


def test_a_record_of_a_step_that_is_gone_begins_at_the_first() -> None:
    """A later version may have other steps."""
    assert Walk(named("one"), Record({}, "gone")).step.name == "one"


# The score


def test_the_score_names_what_to_read_for_each_miss() -> None:
    """Misses with their line and their links; what could not be decided does not count."""
    one, two, three = named("one", "two", "three")
    two = replace(two, number=2)
    said = {"one": Prediction(1, 1), "two": Prediction(0, 1), "three": Prediction(0, None)}
    shown = text_of(pages.score([one, replace(two, title="Second"), three], said))
    assert "1 of 2 predictions came true. 1 could not be decided" in shown
    flowing = " ".join(shown.split())
    assert f"Missed: 2 Second you said a it was b => {two.remember}" in flowing
    assert flowing.index("Missed") < flowing.index("predictions came true")
    assert two.sources[0].address in shown


def test_without_predictions_there_is_no_score() -> None:
    """A class that showed hands gets no empty table."""
    assert "no score" in text_of(pages.score(named("one"), {}))
