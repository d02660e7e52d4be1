"""The parts of a page that a docstring holds: a heading and its paragraphs."""

from collections.abc import Iterable, Iterator

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text

from gil_demo.report.kit.columns import address_line


def section(heading: str, text: str) -> Iterator[RenderableType]:
    """Yield a heading, its paragraphs and a blank line."""
    yield Text(heading, "bold")
    for paragraph in paragraphs(text):
        yield Padding(Text(paragraph), (0, 0, 0, 2))
    yield Text()


def sources_section(text: str, console: Console) -> Iterator[RenderableType]:
    """Yield where a page's claims come from, each address on a line of its own."""
    yield Text("Sources", "bold")
    for paragraph in paragraphs(text):
        title, _, address = paragraph.removeprefix("- ").rpartition(": ")
        if title:
            yield Padding(Text(f"- {title}:"), (0, 0, 0, 2))
        yield address_line(f"    {address}" if title else f"  - {address}", console)
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
