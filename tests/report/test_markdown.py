"""Markdown: read back by a Markdown parser, everything is what the screen shows."""

from dataclasses import replace
from io import BytesIO, StringIO, TextIOWrapper

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from rich.console import Console
from rich.text import Text

from gil_demo.csource.comments import tagged_lines
from gil_demo.csource.halves import halves
from gil_demo.gallery import registry
from gil_demo.gallery.pattern import CHAPTERS, PAGE_PARTS, Pattern
from gil_demo.gallery.question import page
from gil_demo.gallery.question.claims import CLAIMS
from gil_demo.report.gallery_reports import TryReport
from gil_demo.report.kit.columns import Column, words
from gil_demo.report.kit.gfm import fenced, plain, table
from gil_demo.report.kit.screen import Screen
from gil_demo.report.markdown import (
    list_markdown,
    run_markdown,
    show_markdown,
    try_markdown,
    walkthrough_markdown,
)
from gil_demo.report.run_tables import responsiveness_table, scaling_table
from gil_demo.results.patterns import TryResult
from gil_demo.results.run import RunResult
from gil_demo.words import HALVES, SAFE_WITH_GIL, Half, each, either

PARSER = MarkdownIt("commonmark").enable("table").enable("strikethrough")

ODD = [
    "a|b",
    "||",
    "`code`",
    "``",
    "*cell += 1*",
    "__init__ and _x_",
    "PyList_GET_ITEM",
    "a[::2](b)",
    "<b>&amp;</b>",
    "~~gone~~",
    "# not a heading #1",
    "back\\slash\\|",
    "!",
]


def text_of(token: Token) -> str:
    """What a reader sees of a paragraph or a cell."""
    seen = []
    for child in token.children or []:
        assert child.type in {"text", "text_special", "html_inline", "softbreak"}, child
        assert child.type != "html_inline" or child.content == "<br>"
        seen.append("\n" if child.type in {"html_inline", "softbreak"} else child.content)
    return "".join(seen)


def tables(markdown: str) -> list[list[list[str]]]:
    """The cells of each table, its header first."""
    found: list[list[list[str]]] = []
    tokens = PARSER.parse(markdown)
    for token, after in zip(tokens, [*tokens[1:], tokens[-1]], strict=True):
        if token.type == "table_open":
            found.append([])
        elif token.type == "tr_open":
            found[-1].append([])
        elif token.type in {"th_open", "td_open"}:
            found[-1][-1].append(text_of(after))
    return found


def expected(columns: tuple[Column, ...]) -> list[list[str]]:
    """A table as its columns have it."""
    rows = zip(*(map(str, column.cells) for column in columns), strict=True)
    return [[column.header.replace("\n", " ") for column in columns], *map(list, rows)]


def code(markdown: str, language: str) -> list[str]:
    """The blocks of code in a language."""
    tokens = PARSER.parse(markdown)
    return [one.content for one in tokens if one.type == "fence" and one.info == language]


@pytest.fixture
def console() -> Screen:
    """A screen that understands all characters."""
    return Screen(file=TextIOWrapper(BytesIO(), "utf-8"), highlight=False, markup=False)


@pytest.mark.parametrize("odd", ODD)
def test_text_means_itself(odd: str) -> None:
    """Whatever looks like Markdown is shown as it stands, in a paragraph and in a cell."""
    (paragraph,) = (one for one in PARSER.parse(f"x {plain(odd)}") if one.type == "inline")
    assert text_of(paragraph) == f"x {odd}"
    columns = (words("left", [odd, "x"]), Column(odd, ("1", odd)))
    assert tables(table(columns)) == [expected(columns)]


def test_a_name_mentions_nobody_and_is_no_formula() -> None:
    """GitHub looks for both after Markdown, where a backslash is gone; `v @ v` is neither."""
    assert plain("@name") == "@<!-- -->name"
    assert plain("$x$") == "<span>$</span>x<span>$</span>"
    assert plain("v @ v") == "v @ v"


def test_a_word_with_underscores_is_left_alone() -> None:
    """Names stay legible for who reads the source."""
    assert plain("PyList_GET_ITEM(a)") == "PyList_GET_ITEM(a)"


def test_a_line_break_in_a_cell_is_kept() -> None:
    """What stands in two lines on the screen stands in two lines of one cell."""
    columns = (words("one\nheader", [Text("ok 1 of 2\nnot crash")]),)
    assert tables(table(columns)) == [[["one header"], ["ok 1 of 2\nnot crash"]]]


def test_figures_stand_to_the_right() -> None:
    """Words to the left, as on the screen."""
    marks = table((words("a", ["b"]), Column("c", ("1",)))).splitlines()[1]
    assert marks == "| --- | ---: |"


@pytest.mark.parametrize("text", ["x", "```\nx\n```", "a ````` b\n", "`"])
def test_a_block_ends_where_it_should(text: str) -> None:
    """Even if there are fences in it."""
    assert code(fenced(text, "c"), "c") == [text.rstrip() + "\n"]


def test_a_run_has_all_columns_of_all_tables(made: RunResult, console: Screen) -> None:
    """What a narrow screen leaves out is there, cell by cell."""
    scaling, responsiveness, patterns = tables(run_markdown(made, console))
    assert scaling == expected(scaling_table(made.scaling, 3).columns)
    assert responsiveness == expected(responsiveness_table(made.responsiveness, 3).columns)
    assert patterns[1] == ["lock-order", "deadlock", "ok", made.patterns[0].evidence]


def test_a_run_tells_where_it_was_and_what_it_shows(made: RunResult, console: Screen) -> None:
    """Environment and notes first, the verdict last."""
    text = run_markdown(made, console)
    assert text.startswith("CPython 3.13.0, GIL on, 2 cores, NumPy 2.3.0. Each call: 30 passes")
    assert text.endswith("\n**Verdict: shown.** With the GIL held, none. Released, all.\n")


def test_the_picture_is_a_block_of_text(made: RunResult, console: Screen) -> None:
    """As wide as GitHub shows without scrolling, without colour, in the console's characters."""
    (picture,) = code(run_markdown(made, console), "text")
    assert picture.startswith("GIL held: one call inside at a time")
    assert "█" in picture
    assert max(map(len, picture.splitlines())) <= 80
    ascii_only = Screen(file=TextIOWrapper(BytesIO(), "ascii"), color_system="truecolor")
    (picture,) = code(run_markdown(made, ascii_only), "text")
    assert picture.isascii()
    assert "####" in picture
    assert "\x1b" not in picture


def test_sections_that_were_not_measured_are_not_there(made: RunResult, console: Screen) -> None:
    """Neither empty tables nor an empty picture."""
    bare = replace(made, picture=(), scaling=(), responsiveness=(), patterns=())
    text = run_markdown(bare, console)
    assert tables(text) == []
    assert code(text, "text") == []


def _ending(pattern: Pattern, half: Half) -> str:
    """What a cell says of a half."""
    outcomes = "\nor ".join(each(pattern.expected(half)))
    return f"{outcomes}\n{SAFE_WITH_GIL}" if pattern.caveat(half) else outcomes


def test_the_list_is_a_table_a_chapter() -> None:
    """Every pattern is in it once, with what its halves end in here."""
    patterns = registry.load_all()
    rows = [row for one in tables(list_markdown(patterns)) for row in one[1:]]
    assert rows == [
        [one.name, one.question, *(_ending(one, half) for half in HALVES)] for one in patterns
    ]
    for chapter in CHAPTERS:
        assert f"**{chapter.capitalize()}**\n" in list_markdown(patterns)


def test_what_was_tried_is_a_table_a_pattern(made: RunResult) -> None:
    """Under each hazard: what the halves ended in, and what was seen."""
    unsafe, safe = made.patterns
    odd = replace(unsafe, runs=3, outcomes={"deadlock": 2, "ok": 1}, evidence="x | *y* `z`")
    pattern = registry.find("lock-order")
    text = try_markdown({pattern.name: pattern.hazard}, TryResult((odd, safe)))
    assert text.startswith(f"**lock-order** {plain(pattern.hazard)}\n")
    assert tables(text) == [
        [
            ["half", "ended in", "what was seen"],
            ["unsafe", "deadlock 2 of 3\nok 1 of 3\nnot deadlock", "x | *y* `z`"],
            ["safe", "ok", "took turns"],
        ]
    ]


@pytest.mark.parametrize(("timed", "busy", "told"), [(1, 0.7, 1), (1, 0.0, 0), (0, 0.7, 0)])
def test_times_on_a_busy_machine_are_told_as_such(
    made: RunResult, timed: int, busy: float, told: int
) -> None:
    """On the screen and in Markdown, under patterns of speed and under no others."""
    rows = (replace(made.patterns[0], expected=("slow", "ok")), *made.patterns[1:])
    tried = TryResult(
        rows if timed else made.patterns, replace(made.environment, machine_busy=busy)
    )
    report = TryReport({}, tried)
    console = Console(width=80, file=StringIO(), record=True)
    console.print(report.screen())
    for text in (console.export_text(), report.texts()["markdown"]()):
        assert text.count("Others took 70% of the cores: times and speed-ups say little") == told


@pytest.mark.parametrize("pattern", registry.load_all(), ids=lambda one: one.name)
def test_a_page_has_its_parts_and_its_c(pattern: Pattern) -> None:
    """Question, each part, and the C of both halves and of what replaces one, as it is."""
    text = show_markdown(pattern)
    assert text.startswith(f"## {pattern.name}\n\n**{pattern.question}** ")
    assert all(f"**{heading}.**" in text for heading in PAGE_PARTS)
    parts = halves(pattern.source)
    c = (parts.shared, parts.unsafe, parts.safe, parts.no_gil, parts.free_threaded)
    expected = [part for part in c if part]
    assert code(text, "c") == expected
    assert f"**unsafe: {either(pattern.unsafe)}**" in text


def test_the_questions_program_has_its_claims() -> None:
    """Both sources, and every claim with the line it is about."""
    asked, mended = page.sources()
    text = walkthrough_markdown(asked, mended)
    assert code(text, "c") == [asked.rstrip() + "\n", mended.rstrip() + "\n"]
    rows = [row for one in tables(text) for row in one[1:]]
    assert {row[2] for row in rows} == {claim.sentence for claim in CLAIMS}
    numbers = {str(number) for number in tagged_lines(asked).values()}
    assert {row[0] for row in rows} <= numbers
