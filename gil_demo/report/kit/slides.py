"""Slides: pages of 16:9 in letters that can be read from the back row, as SVG and as one web page.

Each slide is drawn with as few columns, and so with as large letters, as it fits on. One that
does not fit in the smallest letters goes on on a further slide.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from pathlib import Path

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.segment import Segment
from rich.terminal_theme import TerminalTheme

from gil_demo.files import write_whole
from gil_demo.report.kit.palette import LIGHT
from gil_demo.report.kit.pictures import (
    FONTS,
    SVG_PIECES,
    drawn,
    in_theme,
    pieces_of,
    plain_svg_text,
)
from gil_demo.report.kit.web_page import web_page
from gil_demo.words import Theme

WIDTH, HEIGHT = 1600, 900
MARGIN = 36

FONT = 20
"""The size of letters in the units of rich's SVG, in which a column and a line are so large:"""
COLUMN, LINE = FONT * 0.61, FONT * 1.22

MIN_LETTERS = 0.04
"""The least size of letters, as a part of the slide's height."""

MIN_COLUMNS = 36
MAX_COLUMNS = int((WIDTH - 2 * MARGIN) / (COLUMN * MIN_LETTERS * HEIGHT / FONT))

SLIDE = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"\
 viewBox="0 0 {width} {height}" role="img" aria-label="{title}">
<title>{title}</title>
<style>
{styles}
</style>
<rect class="{name}-paper" width="100%" height="100%"/>
<g font-family="{fonts}" font-size="{font}" transform="translate({margin} {margin}) scale({scale})">
{lines}
</g>
</svg>
"""

DECK_STYLES = """\
body { margin: 0 }
svg { display: block; width: 100vw; height: 100vh }
@media print { @page { size: 16in 9in; margin: 0 } section { display: block !important } }"""

SCRIPT = """\
<script>
const slides = [...document.querySelectorAll("section")];
let at = 0;
function show(number) {
  at = Math.max(0, Math.min(slides.length - 1, number || 0));
  slides.forEach((slide, index) => slide.style.display = index === at ? "block" : "none");
  history.replaceState(null, "", "#" + (at + 1));
}
const forward = ["ArrowRight", "ArrowDown", "PageDown", " ", "Enter"];
const back = ["ArrowLeft", "ArrowUp", "PageUp", "Backspace"];
addEventListener("keydown", event => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (forward.includes(event.key)) show(at + 1);
  else if (back.includes(event.key)) show(at - 1);
  else if (event.key === "Home") show(0);
  else if (event.key === "End") show(slides.length - 1);
  else if (event.key === "f" || event.key === "F") {
    if (document.fullscreenElement) document.exitFullscreen();
    else document.documentElement.requestFullscreen();
  } else return;
  event.preventDefault();
});
addEventListener("click", event => show(event.clientX < innerWidth / 3 ? at - 1 : at + 1));
addEventListener("hashchange", () => show(parseInt(location.hash.slice(1)) - 1));
show(parseInt(location.hash.slice(1)) - 1);
</script>"""


@dataclass(frozen=True, slots=True)
class Slide:
    """Something to be drawn under a head, and the name of its file.

    A `wide` slide has the smallest letters, since a table or a picture shows more then. Of one
    that is to be `whole`, such as code, no line is cut while smaller letters can help.
    """

    name: str
    head: RenderableType
    content: RenderableType
    wide: bool = False
    whole: bool = False


def write_deck(folder: Path, slides: Sequence[Slide], title: str, theme: Theme) -> tuple[Path, int]:
    """Write each slide as an SVG, and all as slides.html; return that file and their number."""
    folder.mkdir(exist_ok=True)
    fitted = [page for slide in slides for page in _fitted(slide)]
    drawings = []
    for number, page in enumerate(fitted, start=1):
        drawings.append(_svg(page, title, theme))
        write_whole(folder / f"{number:02}-{page.name}.svg", drawings[-1])
    page_file = folder / "slides.html"
    write_whole(page_file, deck(drawings, title, theme))
    return page_file, len(fitted)


def deck(drawings: Sequence[str], title: str, theme: Theme) -> str:
    """Make one web page of the slides, which needs nothing else."""

    def paper(colours: TerminalTheme) -> str:
        return f"body {{ background: {colours.background_color.hex} }}"

    sections = (f"<section>\n{drawing}</section>" for drawing in drawings)
    styles = f"{in_theme(theme, paper)}\n{DECK_STYLES}"
    return web_page(title, styles, "\n".join((*sections, SCRIPT)))


@dataclass(frozen=True, slots=True)
class _Page:
    """The lines of one slide, cut to so many columns."""

    name: str
    lines: list[list[Segment]]
    columns: int

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in self.lines:
            yield from line
            yield Segment.line()


def _fitted(slide: Slide) -> Iterator[_Page]:
    """Draw a slide in the largest letters in which it fits, or as several."""
    columns = MAX_COLUMNS if slide.wide else MIN_COLUMNS
    if slide.whole:
        console = drawn("", MAX_COLUMNS)
        columns = max(columns, console.measure(slide.content).maximum)
    while columns < MAX_COLUMNS and _room(slide, columns) < len(_lines(slide.content, columns)):
        columns += 1
    lines, room = _lines(slide.content, columns), _room(slide, columns)
    for first in range(0, len(lines), room):
        head = [*_lines(slide.head, columns), []]
        yield _Page(slide.name, head + lines[first : first + room], columns)


def _room(slide: Slide, columns: int) -> int:
    """Count the lines that fit below each other under the head and an empty line."""
    rows = int((HEIGHT - 2 * MARGIN) / (LINE * _scale(columns)))
    return max(1, rows - len(_lines(slide.head, columns)) - 1)


def _scale(columns: int) -> float:
    return (WIDTH - 2 * MARGIN) / (columns * COLUMN)


def _lines(content: RenderableType, columns: int) -> list[list[Segment]]:
    console = drawn("", columns)
    lines = console.render_lines(content, console.options, pad=False)
    while lines and not "".join(segment.text for segment in lines[-1]).strip():
        lines.pop()
    return lines


def _svg(page: _Page, title: str, theme: Theme) -> str:
    console = drawn(page, page.columns)

    def styles(colours: TerminalTheme) -> str:
        pieces = pieces_of(SVG_PIECES, partial(console.export_svg, title=title, theme=colours))
        paper = colours.background_color.hex
        return f".{pieces['unique_id']}-paper {{ fill: {paper} }}\n{pieces['styles']}"

    pieces = pieces_of(SVG_PIECES, partial(console.export_svg, title=title, theme=LIGHT))
    return SLIDE.format(
        title=escape(f"{title}: {page.name}"),
        name=pieces["unique_id"],
        fonts=FONTS,
        font=FONT,
        width=WIDTH,
        height=HEIGHT,
        margin=MARGIN,
        scale=round(_scale(page.columns), 3),
        styles=in_theme(theme, styles),
        lines=plain_svg_text(pieces["matrix"]),
    )
