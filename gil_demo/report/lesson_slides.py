"""The lesson as slides: for each step the question alone, then the figures, then the answer."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from gil_demo.report import tour
from gil_demo.report.kit.slides import Slide
from gil_demo.report.lesson_figures import drawn
from gil_demo.results.lesson import Seen
from gil_demo.tour.step import Step


def step_slides(step: Step, seen: Seen) -> Iterator[Slide]:
    """Make the slides of one step that was run."""
    head = Text.assemble((step.title, "bold"), f"  {step.number} of {step.steps}")

    def slide(kind: str, *parts: RenderableType, wide: bool = False, whole: bool = False) -> Slide:
        return Slide(f"step-{step.number:02}-{kind}", head, Group(*parts), wide, whole)

    if step.code:
        yield slide("code", drawn(step.code()), whole=True)
    yield slide("question", *tour.question(step))
    for figure in seen.figures:
        yield slide("figures", drawn(figure), Text(seen.note, "dim"), wide=True)
    yield slide("answer", *tour.answers(step, seen))
