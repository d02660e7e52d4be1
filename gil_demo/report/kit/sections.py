"""The parts of a page that a docstring holds: a heading and its paragraphs."""

from collections.abc import Iterable, Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text


def section(heading: str, text: str) -> Iterator[RenderableType]:
    """Yield a heading, its paragraphs and a blank line."""
    yield Text(heading, "bold")
    for paragraph in paragraphs(text):
        yield Padding(Text(paragraph), (0, 0, 0, 2))
    yield Text()


def paragraphs(text: str) -> Iterator[str]:
    """Yield the paragraphs of a page, each on one line; a list item is one of its own."""
    paragraph: list[str] = []
    for line in text.splitlines():
        if paragraph and (not line.strip() or line.startswith("- ")):
            yield flowing(paragraph)
            paragraph = []
        if line.strip():
            paragraph.append(line.strip())
    if paragraph:
        yield flowing(paragraph)


def flowing(lines: Iterable[str]) -> str:
    """Join the lines of a paragraph, without the marks of code."""
    return " ".join(lines).replace("``", "")
