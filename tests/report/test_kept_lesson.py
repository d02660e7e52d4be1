"""A kept lesson is read whole, and refused where it could not be drawn."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gil_demo.report.document import json_text, tour_document
from gil_demo.report.kept import kept_walk
from gil_demo.results.lesson import Cell, Figure, Lanes, Seen, Table
from gil_demo.results.reading import UnreadableDocument
from gil_demo.results.run import RunResult
from gil_demo.tour import lesson
from gil_demo.tour.kept import result_of
from gil_demo.tour.walk import Walk

Keep = Callable[..., Path]

VERSION_1 = Path(__file__).with_name("kept") / "tour-1.json"


@pytest.fixture
def keep(made: RunResult, tmp_path: Path) -> Keep:
    """Keeps a lesson of one step with the figures it is given."""

    def write(*figures: Figure) -> Path:
        walk = Walk(lesson.part(1, 1), environment=made.environment)
        walk.seen["one-lock"] = Seen.shown(1, ("No.", "Yes.", "No."), figures)
        file = tmp_path / "tour.json"
        file.write_text(json_text(tour_document(result_of(walk))))
        return file

    return write


def test_a_kept_lesson_is_read_whole(keep: Keep, made: RunResult) -> None:
    """Numbers are numbers, and nothing is missing."""
    figures = (
        Table(("", "time"), (("one", Cell(1.5, "ms", 1, 1.0, 2.0)), ("two", None))),
        Lanes(made.picture, gil_enabled=True),
    )
    walk = kept_walk(keep(*figures))
    assert walk.seen["one-lock"].figures == figures
    assert walk.environment == made.environment


def test_a_lesson_of_version_1_is_read() -> None:
    """It has neither figures nor notes, and its questions are those that were asked then."""
    kept: dict[str, Any] = json.loads(VERSION_1.read_text())
    walk = kept_walk(VERSION_1)
    assert [step.question for step in walk.lesson] == [one["question"] for one in kept["steps"]]
    for step, one in zip(walk.lesson, kept["steps"], strict=True):
        seen = walk.seen[step.name]
        assert (seen.state, seen.reason, seen.figures) == (one["state"], one["reason"], ())
        assert [remark for _, remark in seen.beside(step.answers)] == [
            pair["remark"] for pair in one["answers"]
        ]


@pytest.mark.parametrize(
    ("figure", "fault"),
    [
        (Table(("a", "b"), (("one",),)), "row"),
        (Table((), ()), "row"),
        (Table(("a",), ((Cell(1.0, digits=-1),),)), "digits"),
        (Table(("a",), ((Cell(1.0, digits=10**9),),)), "digits"),
    ],
)
def test_a_table_that_cannot_be_drawn_is_refused(keep: Keep, figure: Figure, fault: str) -> None:
    """The message says which figure of which step."""
    with pytest.raises(UnreadableDocument, match=rf"steps\[0\]\.figures\[0\] .*{fault}"):
        kept_walk(keep(figure))


@pytest.mark.parametrize(("changes", "fault"), [({"spans": ()}, "spans"), ({}, "an hour")])
def test_lanes_that_cannot_be_drawn_are_refused(
    keep: Keep, made: RunResult, changes: dict[str, Any], fault: str
) -> None:
    """A panel needs spans, and a race takes no hours."""
    span = made.picture[0].spans[0]
    endless = replace(made.picture[0], spans=(replace(span, exit_ns=10**18),))
    panel = replace(endless, **changes)
    with pytest.raises(UnreadableDocument, match=rf"panels\[0\] .*{fault}"):
        kept_walk(keep(Lanes((panel,), gil_enabled=True)))
