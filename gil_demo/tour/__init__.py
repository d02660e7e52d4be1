"""The lesson: at each step an idea, a prediction, a live run, and what its figures say.

The package can be called, as in ``gil_demo.tour(3)``, because a notebook's function has the same
name: https://docs.python.org/3/reference/datamodel.html#customizing-module-attribute-access
"""

import sys
from types import ModuleType
from typing import Any


class Lesson(ModuleType):
    """The package, which shows a step when it is called."""

    def __call__(self, step: int = 1) -> Any:
        """Show a step of the lesson; see `gil_demo.report.notebook.lesson_step`."""
        import gil_demo

        return gil_demo.lesson_step(step)


sys.modules[__name__].__class__ = Lesson
