"""The gallery's reports, in every form: the list, a page, and what trying patterns showed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gil_demo.csource import halves
from gil_demo.gallery.pattern import Pattern
from gil_demo.gallery.question import page
from gil_demo.report.document import json_text, list_document, try_document
from gil_demo.report.gallery import Page, Trial, Walkthrough, gallery_table
from gil_demo.report.gallery_slides import pattern_slides, question_slides
from gil_demo.report.kit.report import Drawing, Texts
from gil_demo.report.kit.slides import Slide
from gil_demo.report.markdown import (
    list_markdown,
    show_markdown,
    try_markdown,
    walkthrough_markdown,
)
from gil_demo.results.patterns import TryResult


@dataclass(frozen=True, slots=True)
class ListReport:
    """What there is in the gallery."""

    patterns: Sequence[Pattern]

    def screen(self) -> Drawing:
        """Return the table."""
        return gallery_table(self.patterns)

    def texts(self) -> Texts:
        """Return what makes each text, by the option that asks for it."""
        return {
            "json": lambda: json_text(list_document(self.patterns)),
            "markdown": lambda: list_markdown(self.patterns),
        }


@dataclass(frozen=True, slots=True)
class PageReport:
    """A pattern's page."""

    pattern: Pattern

    def screen(self) -> Drawing:
        """Return the page with its C side by side."""
        return Page(self.pattern)

    def texts(self) -> Texts:
        """Return what makes each text, by the option that asks for it."""
        pattern = self.pattern
        return {
            "c": lambda: pattern.source,
            "diff": lambda: halves.unified(pattern.source, pattern.name),
            "markdown": lambda: show_markdown(pattern),
        }

    def slides(self) -> Sequence[Slide]:
        """Return the question, the C of both halves, and the answer."""
        return list(pattern_slides(self.pattern))


@dataclass(frozen=True, slots=True)
class WalkthroughReport:
    """The page on the question's own program, as it was asked and mended."""

    asked: str
    mended: str

    def screen(self) -> Drawing:
        """Return both programs with every claim."""
        return Walkthrough(self.asked, self.mended)

    def texts(self) -> Texts:
        """Return what makes each text, by the option that asks for it."""
        return {
            "c": lambda: self.asked,
            "diff": lambda: halves.files_diff(self.asked, self.mended, page.NAME),
            "markdown": lambda: walkthrough_markdown(self.asked, self.mended),
        }

    def slides(self) -> Sequence[Slide]:
        """Return the question, its C, the claims about it, and the corrected C."""
        return list(question_slides(self.asked, self.mended))


@dataclass(frozen=True, slots=True)
class TryReport:
    """What trying patterns showed; `sentences` says of each what it is about."""

    sentences: Mapping[str, str]
    trials: TryResult

    def screen(self) -> Drawing:
        """Return what each half ended in."""
        return Trial(self.sentences, self.trials)

    def texts(self) -> Texts:
        """Return what makes each text, by the option that asks for it."""
        return {
            "json": lambda: json_text(try_document(self.trials)),
            "markdown": lambda: try_markdown(self.sentences, self.trials),
        }
