"""A page of the gallery as slides: the question alone, then its C, then the answer."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from gil_demo.csource.halves import compared, halves
from gil_demo.gallery.page import page_parts
from gil_demo.gallery.pattern import Pattern
from gil_demo.gallery.question import page
from gil_demo.report.gallery import (
    MARK,
    CLines,
    claims_grid,
    half_title,
    replacements,
    unmarked_code,
)
from gil_demo.report.kit.columns import rule
from gil_demo.report.kit.palette import HALF_STYLES
from gil_demo.report.kit.sections import flowing
from gil_demo.report.kit.slides import Slide
from gil_demo.report.lesson_figures import drawn
from gil_demo.results.lesson import Code, Line
from gil_demo.tour.excerpt import statements
from gil_demo.words import HALVES


def pattern_slides(pattern: Pattern) -> Iterator[Slide]:
    """Make the slides of a pattern, with the C that runs here in the place of a half."""

    def slide(kind: str, *parts: RenderableType, wide: bool = False) -> Slide:
        return Slide(kind, _head(pattern.name), Group(*parts), wide)

    yield slide("question", Text(pattern.question, "bold"))
    parts = halves(pattern.source)
    if parts.shared:
        yield slide("shared", *unmarked_code("both halves use", parts.shared), wide=True)
    for half, aligned in zip(HALVES, compared(pattern.source), strict=True):
        code = [line for line in aligned if line.text.strip()]
        marked = Text(f"{MARK} marks the lines that differ.", "dim")
        yield slide(half, Text(half, f"bold {HALF_STYLES[half]}"), CLines(code), marked, wide=True)
    for one in replacements(parts):
        if one.here:
            yield slide(one.name, *unmarked_code(one.title, one.code), wide=True)
    titles = [half_title(pattern, half) for half in HALVES]
    yield slide("answer", Text(pattern.hazard), Text(), *titles)
    why = flowing(pattern.page["Why the safe half is safe"].splitlines())
    yield slide("why", Text("Why the safe half is safe", "bold"), Text(why))


def question_slides(asked: str, mended: str) -> Iterator[Slide]:
    """Make the slides of the question's own program, as it was asked and corrected."""
    sections = page_parts(page.__doc__ or "")[1]
    question = flowing(sections["The question"].splitlines())

    def slide(kind: str, *parts: RenderableType, wide: bool = False) -> Slide:
        return Slide(kind, _head(page.NAME), Group(*parts), wide)

    yield slide("question", Text(question[: question.index("?") + 1], "bold"))
    yield slide("code", drawn(_function("csrc/question/gilexample.c", asked)), wide=True)
    for part in (page.RIGHT, page.WRONG):
        yield slide("claims", Text(part, "bold"), claims_grid(part, asked), wide=True)
    yield slide("safe", drawn(_function("csrc/question/gilexample_safe.c", mended)), wide=True)


def _function(title: str, source: str) -> Code:
    return Code(title, tuple(Line(number, text) for number, text in statements(source).items()))


def _head(title: str) -> RenderableType:
    return rule(Text(title, "bold"))
