"""The picture in a file: the same text as on the screen, readable in light and in dark."""

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from io import StringIO
from itertools import combinations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from rich.color_triplet import ColorTriplet
from rich.console import Console, RenderableType
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from gil_demo.gallery import registry
from gil_demo.gallery.question import page
from gil_demo.report.gallery import Page, Trial, Walkthrough
from gil_demo.report.kit.palette import DARK, LIGHT
from gil_demo.report.kit.pictures import COLUMNS, Pictures, html, notebook_forms, svg
from gil_demo.report.run import RunReport
from gil_demo.results.patterns import TryResult
from gil_demo.results.run import RunResult
from gil_demo.words import Theme

NAMESPACE = "{http://www.w3.org/2000/svg}"
THEMES = {"light": LIGHT, "dark": DARK}
READABLE = 4.5
"""https://www.w3.org/TR/WCAG22/#contrast-minimum"""

Export = Callable[[RenderableType, str, Theme], str]


@pytest.fixture(params=["run", "show", "walkthrough", "try"])
def shown(request: pytest.FixtureRequest, made: RunResult) -> RenderableType:
    """What each command shows that can write a picture."""
    lock_order = registry.find("lock-order")
    pictures: dict[str, RenderableType] = {
        "run": RunReport(made),
        "show": Page(lock_order),
        "walkthrough": Walkthrough(*page.sources()),
        "try": Trial({lock_order.name: lock_order.hazard}, TryResult(made.patterns)),
    }
    return pictures[request.param]


def on_screen(renderable: RenderableType) -> list[str]:
    """The lines on a screen as wide as the picture."""
    file = StringIO()
    Console(file=file, width=COLUMNS, color_system=None, record=True).print(renderable)
    return [line.rstrip() for line in file.getvalue().rstrip().splitlines()]


def texts(picture: str) -> list[ElementTree.Element]:
    """The pieces of text of an SVG below its title."""
    return list(ElementTree.fromstring(picture).iter(f"{NAMESPACE}text"))[1:]


def lines(picture: str) -> list[str]:
    """The lines that an SVG draws, each piece in the column where it stands."""
    drawn: dict[int, dict[int, str]] = defaultdict(dict)
    for piece in texts(picture):
        text = piece.text or ""
        column_width = float(piece.get("textLength", "0")) / len(text)
        row = round((float(piece.get("y", "0")) - 20) / 24.4)
        drawn[row][round(float(piece.get("x", "0")) / column_width)] = text
    found = [""] * (max(drawn) + 1)
    for row, pieces in drawn.items():
        for column, text in sorted(pieces.items()):
            found[row] = found[row].ljust(column) + text
    return [line.rstrip() for line in found]


class Reader(HTMLParser):
    """The text of each element, and every attribute."""

    def __init__(self, page: str) -> None:
        """Read it."""
        super().__init__()
        self.inside: list[str] = []
        self.text: dict[str, str] = defaultdict(str)
        self.attributes: list[tuple[str, str, str | None]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the attributes."""
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag != "meta":
            self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Elements end in order."""
        assert self.inside.pop() == tag

    def handle_data(self, data: str) -> None:
        """Text belongs to all elements that it is in."""
        for tag in set(self.inside):
            self.text[tag] += data


def hexes(text: str) -> set[str]:
    """The colours that are named in a file."""
    return set(re.findall(r"#[0-9a-f]{6}\b", text))


def colours(theme: TerminalTheme) -> list[ColorTriplet]:
    """Every colour that text may have in a theme."""
    return [theme.foreground_color, *(theme.ansi_colors[number] for number in range(16))]


def luminance(colour: ColorTriplet) -> float:
    """As in https://www.w3.org/TR/WCAG22/#dfn-relative-luminance ."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in colour.normalized
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: ColorTriplet, other: ColorTriplet) -> float:
    """As in https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio ."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_what_the_guidelines_say() -> None:
    """Black on white is 21, and the grey that is known to just pass does."""
    black, white, grey = (
        ColorTriplet(0, 0, 0),
        ColorTriplet(255, 255, 255),
        ColorTriplet(*[118] * 3),
    )
    assert contrast(black, white) == pytest.approx(21)
    assert contrast(white, grey) == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_every_colour_can_be_read(theme: TerminalTheme) -> None:
    """Text of any colour stands out from the background as far as WCAG AA asks."""
    for colour in colours(theme):
        assert contrast(colour, theme.background_color) >= READABLE, colour.hex


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_no_two_colours_of_a_theme_are_one(theme: TerminalTheme) -> None:
    """Else the two would be one class in one theme, and two in the other."""
    assert all(one != other for one, other in combinations(colours(theme), 2))


def test_an_svg_is_what_the_screen_shows(shown: RenderableType) -> None:
    """Line by line and column by column the same text, that can be selected and searched."""
    assert lines(svg(shown, "gil-demo")) == on_screen(shown)


def test_a_page_is_what_the_screen_shows(shown: RenderableType) -> None:
    """The same text, under a heading that says where it is from."""
    read = Reader(html(shown, "gil-demo"))
    assert [line.rstrip() for line in read.text["pre"].rstrip().splitlines()] == on_screen(shown)
    assert read.text["h1"] == read.text["title"] == "gil-demo"


def test_text_in_an_svg_stays_in_its_columns(made: RunResult) -> None:
    """Whatever the font, each piece is as wide as its columns, and its spaces are kept."""
    for piece in texts(svg(RunReport(made), "gil-demo")):
        width = 12.2 * len(piece.text or "")
        assert float(piece.get("textLength", "0")) == pytest.approx(width, abs=0.01)
        assert piece.get("lengthAdjust") == "spacingAndGlyphs"
        assert piece.get("{http://www.w3.org/XML/1998/namespace}space") == "preserve"
        assert "\xa0" not in (piece.text or "")


def test_an_svg_is_no_larger_than_what_it_shows(made: RunResult) -> None:
    """It has a size of its own, which holds the last line and little more."""
    picture = svg(RunReport(made), "gil-demo")
    root = ElementTree.fromstring(picture)
    width, height = float(root.get("width", "0")), float(root.get("height", "0"))
    assert root.get("viewBox") == f"0 0 {width:g} {height:g}"
    assert COLUMNS * 12.2 < width < (COLUMNS + 5) * 12.2
    rows = len(on_screen(RunReport(made)))
    assert rows * 24.4 + 50 < height < (rows + 4) * 24.4 + 50


def test_an_svg_has_a_name_for_who_cannot_see_it(made: RunResult) -> None:
    """A screen reader says what the picture is, and not a row of blocks."""
    root = ElementTree.fromstring(svg(RunReport(made), 'show "a" <b> & c'))
    assert root.get("role") == "img"
    assert root.get("aria-label") == 'show "a" <b> & c'
    assert root[0].tag == f"{NAMESPACE}title"
    assert root[0].text == 'show "a" <b> & c'


def test_a_page_says_what_it_is(made: RunResult) -> None:
    """A browser knows at once that it is HTML, in what language and in what characters."""
    page = html(RunReport(made), 'show "a" <b> & c')
    assert page.startswith("<!doctype html>\n")
    read = Reader(page)
    assert ("html", "lang", "en") in read.attributes
    assert ("meta", "charset", "utf-8") in read.attributes
    assert read.text["title"] == 'show "a" <b> & c'
    assert read.inside == []


EXPORTS: list[Export] = [svg, html]


@pytest.mark.parametrize("export", EXPORTS)
def test_a_file_needs_nothing_else(export: Export, shown: RenderableType) -> None:
    """No script, no font, no style from anywhere."""
    text = export(shown, "gil-demo", "auto")
    markup = re.sub(r">[^<]*<", "><", text)
    addresses = re.findall(r"https?:[^\"']*", markup)
    assert addresses == (["http://www.w3.org/2000/svg"] if export is svg else [])
    for word in ("<script", "<link", "<image", "<img", "src=", "href=", "@import", "@font", "url("):
        assert word not in markup.partition("<style>")[0] + markup.partition("</style>")[2]
        assert word not in text.partition("<style>")[2].partition("</style>")[0]


@pytest.mark.parametrize("export", EXPORTS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_theme_is_all_of_a_picture(export: Export, theme: Theme, shown: RenderableType) -> None:
    """Asked for one, no colour of the other is in the file, and every colour is the theme's."""
    text = export(shown, "gil-demo", theme)
    chosen = THEMES[theme]
    allowed = {colour.hex for colour in (*colours(chosen), chosen.background_color)}
    assert hexes(text) <= allowed
    assert {chosen.background_color.hex, chosen.foreground_color.hex} <= hexes(text)
    assert "prefers-color-scheme" not in text


@pytest.mark.parametrize("export", EXPORTS)
def test_by_default_a_picture_follows_its_reader(export: Export, shown: RenderableType) -> None:
    """Light where nothing is known, dark where that is preferred: each class has both colours."""
    styles, _, body = export(shown, "gil-demo", "auto").partition("</style>")
    light, dark = styles.split("@media (prefers-color-scheme: dark)")
    for sheet, theme in ((light, LIGHT), (dark, DARK)):
        assert theme.background_color.hex in sheet
        assert hexes(sheet) <= {colour.hex for colour in (*colours(theme), theme.background_color)}
    rules = [re.findall(r"(\S+) \{ ?(?:fill|color): ", sheet) for sheet in (light, dark)]
    assert rules[0] == rules[1]
    assert "#" not in re.sub(r"&#\w+;|>[^<]*<", "", body), "every colour is in the style sheet"


@pytest.mark.parametrize("export", EXPORTS)
def test_both_themes_give_the_same_text_the_same_classes(
    export: Export, shown: RenderableType
) -> None:
    """Only the style sheets of a light and a dark picture differ."""
    light, dark = (export(shown, "gil-demo", theme) for theme in ("light", "dark"))
    assert light != dark
    assert light.partition("</style>")[2] == dark.partition("</style>")[2]


@pytest.mark.parametrize("export", EXPORTS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_dim_text_can_still_be_read(export: Export, theme: Theme) -> None:
    """It has the theme's grey; dim text that has a colour keeps it."""
    text = export(Text.assemble(("grey", "dim"), ("red", "dim red")), "gil-demo", theme)
    palette = THEMES[theme].ansi_colors
    assert palette[8].hex in text
    assert palette[1].hex in text
    allowed = {colour.hex for colour in colours(THEMES[theme])}
    assert hexes(text) - {THEMES[theme].background_color.hex} <= allowed


@pytest.mark.parametrize("export", [svg, html])
def test_text_is_never_markup(export: Export) -> None:
    """What looks like a tag, or like an entity, is shown as it stands."""
    odd = """<b class="x">&amp;&#160;</b> ' textLength="1" clip-path="url(#x)" {styles}"""
    picture = export(Text(odd), odd, "light")
    if export is svg:
        assert lines(picture) == [odd]
    else:
        assert Reader(picture).text["pre"].rstrip() == odd


@pytest.mark.parametrize("export", [svg, html])
def test_what_was_seen_is_never_read_as_style(export: Export, made: RunResult) -> None:
    """Brackets and colons in an evidence are shown, as on the screen."""
    odd = replace(made.patterns[0], evidence="a[bold] :snake: [/]")
    picture = export(Trial({}, TryResult((odd,))), "gil-demo", "light")
    assert "a[bold] :snake: [/]" in picture


def test_a_picture_is_the_same_every_time(made: RunResult) -> None:
    """The same result is the same file, so that a repository sees no change."""
    assert svg(RunReport(made), "one") == svg(RunReport(made), "one")


# Jupyter


@pytest.fixture
def forms(made: RunResult) -> dict[str, str]:
    """What Jupyter gets."""
    return notebook_forms(RunReport(made))


def test_a_notebook_shows_what_the_screen_shows(forms: dict[str, str], made: RunResult) -> None:
    """As HTML and as plain text: the same lines."""
    expected = on_screen(RunReport(made))
    assert [line.rstrip() for line in forms["text/plain"].splitlines()] == expected
    read = Reader(forms["text/html"])
    assert [line.rstrip() for line in read.text["pre"].splitlines()] == expected


def test_a_notebooks_own_colours_do_not_matter(forms: dict[str, str]) -> None:
    """The picture brings paper and ink; each piece has its style, and no style sheet is needed."""
    page = forms["text/html"]
    (outer,) = (value for tag, _, value in Reader(page).attributes if tag == "pre")
    assert f"background: {LIGHT.background_color.hex}" in (outer or "")
    assert f"color: {LIGHT.foreground_color.hex}" in (outer or "")
    assert hexes(page) <= {one.hex for one in (*colours(LIGHT), LIGHT.background_color)}
    assert {name for _, name, _ in Reader(page).attributes} == {"style"}
    assert "<style" not in page


def test_a_notebook_may_choose_among_the_forms(made: RunResult) -> None:
    """What it asks for, and not what it leaves out."""
    report = RunReport(made)
    assert set(report._repr_mimebundle_()) == {"text/plain", "text/html"}
    assert set(report._repr_mimebundle_(include={"text/html"})) == {"text/html"}
    assert set(report._repr_mimebundle_(exclude={"text/html"})) == {"text/plain"}


def test_drawing_in_a_notebook_shows_nothing_by_itself(
    made: RunResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is drawn for a file, or as a form, does not appear a second time below the cell."""
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    monkeypatch.setattr("rich.jupyter.display", lambda *_: pytest.fail("displayed"))
    assert "Verdict" in svg(RunReport(made), "gil-demo")
    assert "Verdict" in notebook_forms(RunReport(made))["text/html"]


# Files


@pytest.mark.parametrize("wanted", [(), ("picture.svg",), ("page.html",), ("a.svg", "b.html")])
def test_only_what_was_asked_for_is_drawn(wanted: tuple[str, ...]) -> None:
    """Neither, one or both."""
    files: dict[str, Any] = {Path(name).suffix[1:]: Path(name) for name in wanted}
    pictures = Pictures(files.get("svg"), files.get("html"), "auto")
    texts = pictures.texts(Text("drawn"), "gil-demo")
    assert {str(file) for file in texts} == set(wanted)
    for file, text in texts.items():
        assert "drawn" in text()
        assert text().startswith("<svg " if file.suffix == ".svg" else "<!doctype html>")
