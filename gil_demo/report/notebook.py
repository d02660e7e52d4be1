"""The lesson in a notebook: `gil_demo.tour(3)` asks, and runs when told to."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.text import Text

from gil_demo.progress import unseen
from gil_demo.report.kit.pictures import notebook_forms
from gil_demo.report.tour import QuestionPage, SeenPage
from gil_demo.results.lesson import Seen
from gil_demo.tour import lesson
from gil_demo.tour.step import Step
from gil_demo.tour.walk import Walk

HOW = "Predict and run it: gil_demo.tour({number}).run(N), where N is the answer that you expect."


def lesson_step(step: int = 1) -> "LessonStep":
    """Show a step of the lesson: its question, and what to press or to call to run it.

    Args:
        step: The number of the step, from 1.

    Returns:
        The step. At the end of a cell it draws itself: with buttons where ipywidgets is
        installed, else with what to call.

    Raises:
        LookupError: The lesson has no step of that number.
    """
    (found,) = lesson.part(step, step)
    return LessonStep(found)


class _Drawn:
    """Something that draws itself in a terminal and in a notebook."""

    def _parts(self) -> RenderableType:
        raise NotImplementedError

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self._parts()

    def __repr__(self) -> str:
        return notebook_forms(self._parts())["text/plain"]

    def _repr_mimebundle_(self, **_: object) -> Mapping[str, str]:
        return notebook_forms(self._parts())


@dataclass(frozen=True, slots=True, repr=False)
class LessonStep(_Drawn):
    """A step of the lesson, before it is run."""

    step: Step

    def run(self, prediction: int | None = None) -> "StepRun":
        """Run the step, and judge a prediction, given by the number of an answer.

        Raises:
            ValueError: The step has no answer of that number.
        """
        answers = len(self.step.answers)
        if prediction is not None and not 1 <= prediction <= answers:
            raise ValueError(f"the step has answers 1 to {answers}: predict one of these")
        chosen = None if prediction is None else prediction - 1
        return StepRun(self.step, Walk([self.step]).run(unseen), chosen)

    def _parts(self) -> RenderableType:
        how = Text(HOW.format(number=self.step.number), "dim")
        return Group(QuestionPage(self.step), Text(), how)

    def _ipython_display_(self) -> None:
        display = import_module("IPython.display").display
        widgets = None
        with suppress(ImportError):
            widgets = import_module("ipywidgets")
        if widgets is None:
            display(self._repr_mimebundle_(), raw=True)
        else:
            display(notebook_forms(QuestionPage(self.step)), raw=True)
            display(self._buttons(widgets, display))

    def _buttons(self, widgets: Any, display: Any) -> Any:
        """Make a button for each answer and one to run without a prediction, and a place below."""
        below = widgets.Output()

        def pressed(prediction: int | None, _: object) -> None:
            below.clear_output()
            with below:
                display(self.run(prediction))

        row = []
        for number in (*range(1, len(self.step.answers) + 1), None):
            button = widgets.Button(description="Run it" if number is None else str(number))
            button.on_click(partial(pressed, number))
            row.append(button)
        return widgets.VBox([widgets.HBox(row), below])


@dataclass(frozen=True, slots=True, repr=False)
class StepRun(_Drawn):
    """A step that was run: `seen` has the figures, and what they say about each answer."""

    step: Step
    seen: Seen
    prediction: int | None

    def _parts(self) -> RenderableType:
        return SeenPage(self.step, self.seen, self.prediction)
