"""The picture in a file: what a screen would show, as SVG or HTML that needs no network.

What is drawn names the terminal's colours. Exported in a light and in a dark theme it is
the same text with the same classes, and only the style sheets differ; so one file can hold
both, and the reader's system chooses. rich exports one theme into one template, so a file
is put together here from the pieces of two exports: `pieces_of`.
"""

import re
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from io import StringIO
from pathlib import Path

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.segment import Segment
from rich.style import Style
from rich.terminal_theme import TerminalTheme

from gil_demo.report.kit.palette import DARK, LIGHT
from gil_demo.report.kit.web_page import web_page
from gil_demo.words import Theme

COLUMNS = 90
"""What reads well on a slide, and fits the column of text on a web page."""

FONTS = "'DejaVu Sans Mono', Menlo, Consolas, 'Liberation Mono', monospace"
"""Such as are there on Linux, macOS and Windows, and draw blocks without gaps."""

SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}"\
 viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{title}">
<title>{title}</title>
<style>
{styles}
</style>
<rect class="{name}-paper" width="100%" height="100%" rx="8"/>
<g font-family="{fonts}" font-size="20">
<text class="{name}-title" x="{margin}" y="{baseline}" font-weight="bold">{title}</text>
<g transform="translate({margin}, {top})">
{lines}
</g>
</g>
</svg>
"""
MARGIN, BASELINE, TOP = 20, 34, 54
SVG_PIECES = ("unique_id", "terminal_width", "terminal_height", "styles", "matrix")
SEPARATOR = "\0"

HTML_STYLES = """\
body {{ margin: 1em; font: clamp(10px, {vw}vw, 32px)/1.25 {fonts} }}
h1 {{ font-size: inherit }}
pre {{ font: inherit; overflow-x: auto }}
{theme}"""
HTML_PIECES = ("foreground", "background", "stylesheet", "code")
HTML_THEME = "body {{ color: {foreground}; background: {background} }}\n{stylesheet}"

FULL_WIDTH_VW = 95 / (COLUMNS * 0.61)
"""The size of type, in hundredths of the window's width, with which the columns fill it."""

NOTEBOOK = f"""\
<pre style="font: 13px/1.25 {FONTS}; color: {{foreground}}; background: {{background}}; \
padding: 1em; overflow-x: auto">{{code}}</pre>"""


@dataclass(frozen=True, slots=True)
class Pictures:
    """The files that a picture is to be written to, if any, and in which colours."""

    svg_file: Path | None
    html_file: Path | None
    theme: Theme

    @property
    def files(self) -> dict[str, Path | None]:
        """What to write, by the option that a person gave."""
        return {"--svg": self.svg_file, "--html": self.html_file}

    def texts(self, renderable: RenderableType, title: str) -> dict[Path, Callable[[], str]]:
        """Return what draws each file that was asked for."""
        drawings = {self.svg_file: svg, self.html_file: html}
        return {
            file: partial(draw, renderable, title, self.theme)
            for file, draw in drawings.items()
            if file
        }


def svg(renderable: RenderableType, title: str, theme: Theme = "auto") -> str:
    """Draw what a screen of `COLUMNS` columns would show, as an SVG file."""
    console = drawn(renderable)

    def pieces(colours: TerminalTheme) -> dict[str, str]:
        return pieces_of(SVG_PIECES, partial(console.export_svg, title=title, theme=colours))

    def styles(colours: TerminalTheme) -> str:
        paper, ink = colours.background_color.hex, colours.foreground_color.hex
        own = f".{name}-paper {{ fill: {paper} }}\n.{name}-title {{ fill: {ink} }}\n"
        return own + pieces(colours)["styles"]

    light = pieces(LIGHT)
    name = light["unique_id"]
    return SVG.format(
        title=escape(title),
        name=name,
        fonts=FONTS,
        width=float(light["terminal_width"]) + 2 * MARGIN,
        height=float(light["terminal_height"]) + TOP + MARGIN,
        margin=MARGIN,
        baseline=BASELINE,
        top=TOP,
        styles=in_theme(theme, styles),
        lines=plain_svg_text(light["matrix"]),
    )


def html(renderable: RenderableType, title: str, theme: Theme = "auto") -> str:
    """Draw what a screen of `COLUMNS` columns would show, as a page that fills a window's width."""
    console = drawn(renderable)

    def pieces(colours: TerminalTheme) -> dict[str, str]:
        return pieces_of(HTML_PIECES, partial(console.export_html, theme=colours))

    styles = HTML_STYLES.format(
        fonts=FONTS,
        vw=round(FULL_WIDTH_VW, 2),
        theme=in_theme(theme, lambda colours: HTML_THEME.format_map(pieces(colours))),
    )
    return web_page(title, styles, f"<h1>{escape(title)}</h1>\n<pre>{pieces(LIGHT)['code']}</pre>")


def pieces_of(names: Sequence[str], export: Callable[..., str]) -> dict[str, str]:
    """Export pieces instead of a file: rich fills any template, so this one only separates them.

    The text comes last, so that nothing in it can be taken for a separator.
    """
    template = SEPARATOR.join(f"{{{name}}}" for name in names)
    filled = export(code_format=template, clear=False)
    return dict(zip(names, filled.split(SEPARATOR, len(names) - 1), strict=True))


def notebook_forms(renderable: RenderableType) -> dict[str, str]:
    """Make the forms for Jupyter: HTML with its own background, or text where HTML is not shown.

    Each piece carries its own style, since some viewers drop style sheets; where even that
    is dropped, as on GitHub, the text is left, in which nothing is said by colour alone.
    """
    console = drawn(renderable)
    shown = console.export_html(theme=LIGHT, inline_styles=True, code_format=NOTEBOOK, clear=False)
    return {"text/plain": console.export_text(), "text/html": shown}


class ShownInNotebooks:
    """A base for what rich can draw: Jupyter can show it, too."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it."""
        raise NotImplementedError

    def _repr_mimebundle_(
        self, include: Container[str] | None = None, exclude: Container[str] | None = None
    ) -> dict[str, str]:
        """Return the forms in which Jupyter can show it: https://ipython.readthedocs.io."""
        return {
            form: text
            for form, text in notebook_forms(self).items()
            if (not include or form in include) and form not in (exclude or ())
        }


def drawn(renderable: RenderableType, columns: int = COLUMNS) -> Console:
    """Draw it on a new console that does not depend on the terminal or notebook around."""
    console = Console(
        file=StringIO(),
        record=True,
        width=columns,
        force_terminal=True,
        force_jupyter=False,
        color_system="truecolor",
        no_color=False,
        highlight=False,
        markup=False,
        emoji=False,
        _environ={},
    )
    console.print(_Undimmed(renderable))
    return console


def in_theme(theme: Theme, styles: Callable[[TerminalTheme], str]) -> str:
    """Write the style sheet of one theme, or of both: light, unless the reader prefers dark."""
    if theme != "auto":
        return styles(DARK if theme == "dark" else LIGHT)
    return f"{styles(LIGHT)}\n@media (prefers-color-scheme: dark) {{\n{styles(DARK)}\n}}"


def plain_svg_text(matrix: str) -> str:
    """Make spaces that can be copied, and no gaps between blocks, whatever the font."""
    matrix = re.sub(r"<text [^>]*>\n</text>", "\n", matrix)  # rich draws the ends of lines, too
    matrix = re.sub(r' clip-path="[^"]*"', "", matrix).replace("&#160;", " ")
    return matrix.replace("<text ", '<text xml:space="preserve" lengthAdjust="spacingAndGlyphs" ')


@dataclass(frozen=True, slots=True)
class _Undimmed:
    """Dim text in the theme's grey: dimmed by blending, it would be too faint to read."""

    renderable: RenderableType

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for text, style, control in console.render(self.renderable, options):
            if style and style.dim:
                style = Style(color="bright_black") + style + Style(dim=False)
            yield Segment(text, style, control)
