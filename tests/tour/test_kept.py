"""A kept lesson: what was seen goes into a document, and comes back the same."""

import json
from dataclasses import replace
from typing import Any

import pytest

from gil_demo.report.document import tour_document
from gil_demo.results.lesson import (
    Cell,
    Code,
    Figure,
    Lanes,
    LessonResult,
    Line,
    Responsiveness,
    Seen,
    Table,
    Trials,
)
from gil_demo.results.reading import UnreadableDocument, content, read
from gil_demo.results.run import RunResult
from gil_demo.tour import lesson
from gil_demo.tour.kept import result_of, walk_of
from gil_demo.tour.walk import Walk


@pytest.fixture
def walk(made: RunResult) -> Walk:
    """Two steps that were run, with every kind of figure, and one that was not."""
    figures: tuple[Figure, ...] = (
        Table(("", "time"), (("one", Cell(1.5, "ms", 1, 1.0, 2.0)), ("two", None)), "Why."),
        Code("a.c", (Line(3, "return 0;", "the end"),)),
        Lanes(made.picture, gil_enabled=True),
        Responsiveness(made.responsiveness, 3),
        Trials(made.patterns),
    )
    walk = Walk(lesson.part(1, 3), environment=made.environment)
    walk.seen = {
        "one-lock": Seen.shown(1, ("No.", "Yes.", "No."), figures, "A note."),
        "who-else-runs": Seen.open("nobody was there", (), ("", "Nothing.")),
    }
    return walk


def through_a_file(result: LessonResult) -> LessonResult:
    """Print a result as a document, and read it again."""
    text = json.dumps(tour_document(result))
    return read(LessonResult, content(text, "gil-demo/tour"))


def test_a_kept_lesson_comes_back_whole(walk: Walk) -> None:
    """Every field of every figure is what it was."""
    again = through_a_file(result_of(walk))
    assert again == result_of(walk)
    assert result_of(walk_of(again)) == again


def test_a_kept_walk_has_the_steps_that_were_run(walk: Walk) -> None:
    """The step that was not run is not among them, and blank remarks are filled in."""
    again = walk_of(result_of(walk))
    assert [step.name for step in again.lesson] == ["one-lock", "who-else-runs"]
    assert again.seen["one-lock"] == walk.seen["one-lock"]
    assert again.seen["who-else-runs"].remarks == ("", "Nothing.", "")
    assert again.environment == walk.environment


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"name": "gone"}, "'gone', which is no step"),
        ({"right": 4}, "3 answers, and no answer 4"),
        ({"right": 0}, "3 answers, and no answer 0"),
        ({"state": "inconclusive"}, "inconclusive, and yet"),
    ],
)
def test_a_step_that_cannot_be_drawn_is_refused(
    walk: Walk, changes: dict[str, Any], fault: str
) -> None:
    """The message says which step, and what is wrong with it."""
    result = result_of(walk)
    broken = replace(result, steps=(replace(result.steps[0], **changes), *result.steps[1:]))
    with pytest.raises(UnreadableDocument, match=rf"^steps\[0\] .*{fault}"):
        walk_of(broken)


@pytest.mark.parametrize(("copies", "fault"), [(0, "no steps"), (2, "a step twice")])
def test_a_lesson_without_steps_or_with_one_twice_is_refused(
    walk: Walk, copies: int, fault: str
) -> None:
    """Neither is what any run printed."""
    result = result_of(walk)
    with pytest.raises(UnreadableDocument, match=fault):
        walk_of(replace(result, steps=result.steps[:1] * copies))
