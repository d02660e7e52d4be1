"""Slides: 16:9, letters for the back row, and one page that needs nothing else."""

import re
from pathlib import Path

import pytest
from rich.text import Text

from gil_demo.csource.functions import functions
from gil_demo.csource.halves import halves
from gil_demo.gallery import registry
from gil_demo.gallery.pattern import Pattern
from gil_demo.gallery.question import page
from gil_demo.host import machine
from gil_demo.report.gallery_reports import PageReport, WalkthroughReport
from gil_demo.report.kit.slides import HEIGHT, MAX_COLUMNS, WIDTH, Slide, write_deck
from gil_demo.report.lesson_slides import step_slides
from gil_demo.results.lesson import Code, Line, Seen, Table
from gil_demo.tour import lesson
from gil_demo.tour.step import Step
from gil_demo.words import HALVES, either

HEAD = Text("A head")


def written(folder: Path, *slides: Slide) -> list[str]:
    """Write slides, and return the text of each SVG."""
    write_deck(folder, slides, "a title", "auto")
    return [file.read_text("utf-8") for file in sorted(folder.glob("*.svg"))]


def words(svg: str) -> str:
    """All that a slide says, without its line breaks."""
    return " ".join(" ".join(re.findall(r"<text [^>]*>([^<]*)</text>", svg)).split())


def letters(svg: str) -> float:
    """The size of a slide's letters, as a part of its height."""
    (font,), (scale,) = re.findall(r'font-size="(\d+)"', svg), re.findall(r"scale\((.*?)\)", svg)
    return float(font) * float(scale) / HEIGHT


@pytest.mark.parametrize("step", lesson.load_all(), ids=lambda step: step.name)
def test_a_step_has_its_question_alone_then_figures_then_the_answer(
    step: Step, tmp_path: Path
) -> None:
    """Nothing on the slide with the question tells the answer, and all letters are large."""
    seen = Seen.shown(step.right, ("No.", "Yes."), (Table(("figure",), (("value",),)),))
    svgs = written(tmp_path / "deck", *step_slides(step, seen))
    asks, figures, answers = svgs[-3:]
    assert len(svgs) == (4 if step.code else 3)
    assert step.question.split()[-1] in words(asks)
    assert not any("…" in words(svg) for svg in svgs)
    assert step.title in words(asks).replace("&#x27;", "'")
    assert "figure" in words(figures)
    assert "=&gt;" not in words(asks)
    assert "=&gt;" in words(answers)
    for svg in svgs:
        assert f'viewBox="0 0 {WIDTH} {HEIGHT}"' in svg
        assert letters(svg) >= 0.04
    assert letters(asks) >= 0.05
    assert WIDTH * 9 == HEIGHT * 16


def test_code_with_remarks_is_not_cut_on_a_slide(tmp_path: Path) -> None:
    """Where the two have no room side by side, the remarks are wrapped, and not the C."""
    code = "const npy_intp size = PyArray_SIZE(array);"
    remarks = "right: read-before, ok\nwrong: every-other, wrong-value"
    seen = Seen.shown(0, ("Yes.",), (Code("", (Line(32, code, remarks),)),))
    svgs = written(tmp_path / "deck", *step_slides(lesson.load_all()[7], seen))
    (figures,) = (svg for svg in svgs if "every-other" in words(svg))
    assert code in words(figures).replace("&#160;", " ")
    assert "…" not in words(figures)


def test_a_long_slide_goes_on_under_the_same_head(tmp_path: Path) -> None:
    """No line is lost, and none stands below the edge."""
    lines = [f"line-{number}" for number in range(50)]
    svgs = written(tmp_path / "deck", Slide("long", HEAD, Text("\n".join(lines))))
    assert len(svgs) > 1
    assert all(words(svg).startswith("A head") for svg in svgs)
    assert [word for svg in svgs for word in words(svg).split() if "line-" in word] == lines
    for svg in svgs:
        lowest = max(float(y) for y in re.findall(r' y="([\d.]+)"', svg))
        assert lowest / 20 * letters(svg) < 1


def test_the_page_has_every_slide_and_fetches_nothing(tmp_path: Path) -> None:
    """A machine without a network shows it."""
    slides = [Slide(name, HEAD, Text(name)) for name in ("one", "two")]
    file, count = write_deck(tmp_path / "deck", slides, "a <title>", "dark")
    text = file.read_text("utf-8")
    assert count == text.count("<section>") == 2
    assert "<title>a &lt;title&gt;</title>" in text
    assert not re.search(r"(src|href)=|@import|url\(", text)
    assert "ArrowRight" in text


@pytest.mark.parametrize(
    ("gil", "free_threaded"),
    [(True, False), (True, True), (False, True)],
    ids=["with a GIL", "free-threaded with a GIL", "without"],
)
@pytest.mark.parametrize("pattern", registry.load_all(), ids=lambda pattern: pattern.name)
def test_a_pattern_asks_before_it_shows(
    pattern: Pattern,
    gil: bool,
    free_threaded: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The question alone, the C of both halves, what replaces one here, and what they end in."""
    monkeypatch.setattr(machine, "gil_enabled", lambda: gil)
    monkeypatch.setattr(machine, "free_threaded", lambda: free_threaded)
    slides = PageReport(pattern).slides()
    here = {"no-gil": not gil, "free-threaded": free_threaded}
    instead = [
        name
        for name, applies in here.items()
        if applies and f"_{name.replace('-', '_')}(" in pattern.source
    ]
    assert [slide.name for slide in slides if slide.name != "shared"] == [
        *("question", "unsafe", "safe", *instead, "answer", "why")
    ]
    svgs = written(tmp_path / "deck", *slides)
    assert all(letters(svg) >= 0.04 for svg in svgs)
    shown = " ".join(map(words, svgs))
    for half in HALVES:
        assert f"{half}: {either(pattern.expected(half))}" in shown


@pytest.mark.parametrize("pattern", registry.load_all(), ids=lambda pattern: pattern.name)
def test_a_function_that_replaces_a_half_is_whole_on_its_slide(
    pattern: Pattern, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read from its first line to its last, under the title that says where it runs."""
    monkeypatch.setattr(machine, "gil_enabled", lambda: False)
    monkeypatch.setattr(machine, "free_threaded", lambda: True)
    for slide in PageReport(pattern).slides():
        if slide.name not in ("no-gil", "free-threaded"):
            continue
        parts = halves(pattern.source)
        code = parts.no_gil if slide.name == "no-gil" else parts.free_threaded
        assert len(written(tmp_path / slide.name, slide)) == len(functions(code))


def test_the_question_has_slides_too(tmp_path: Path) -> None:
    """Its claims stand under the names that the lesson and try have for them."""
    shown = " ".join(
        map(words, written(tmp_path / "deck", *WalkthroughReport(*page.sources()).slides()))
    )
    for name in ("read-before", "own-reference", "every-other", "no-argument"):
        assert name in shown
    assert MAX_COLUMNS >= 60
