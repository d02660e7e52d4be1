"""The protocol that every command's result follows, so that one place can show them all."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, runtime_checkable

from rich.console import RenderableType

from gil_demo.report.kit.slides import Slide

Drawing = RenderableType
"""Anything that rich can draw: on a terminal, and as SVG or HTML."""

Texts = Mapping[str, Callable[[], str]]
"""Makers of texts, by the option that asks for each. A text is made only when asked for."""


class Report(Protocol):
    """A result in every form in which its command can show it."""

    def screen(self) -> Drawing:
        """Return what a terminal and a picture show."""

    def texts(self) -> Texts:
        """Return the other forms: ``json``, ``markdown``, and those of this command alone."""


@runtime_checkable
class SlideReport(Report, Protocol):
    """A result that can also be shown as slides."""

    def slides(self) -> Sequence[Slide]:
        """Return the slides in their order."""
