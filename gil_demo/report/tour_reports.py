"""The lesson's report, in every form: its pages, slides, and the JSON document."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.text import Text

from gil_demo.report import tour
from gil_demo.report.document import json_text, tour_document
from gil_demo.report.kit.report import Texts
from gil_demo.report.kit.slides import Slide
from gil_demo.report.lesson_slides import step_slides
from gil_demo.tour.kept import result_of
from gil_demo.tour.walk import Walk


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

    def slides(self) -> Sequence[Slide]:
        """Return the slides of every step that was run."""
        seen = self.walk.seen
        ran = [step for step in self.walk.lesson if step.name in seen]
        return [slide for step in ran for slide in step_slides(step, seen[step.name])]


def taken(walk: Walk) -> RenderableType:
    """Draw both pages of every step that was run, one below the other, for a picture."""
    pages: list[RenderableType] = []
    for step in walk.lesson:
        if step.name in walk.seen:
            predicted = walk.predicted(step)
            pages += [tour.QuestionPage(step, predicted), Text()]
            pages += [tour.SeenPage(step, walk.seen[step.name], predicted), Text()]
    return Group(*pages)
