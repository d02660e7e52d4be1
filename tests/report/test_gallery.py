"""A page of the gallery on screens that are wide and narrow."""

from io import StringIO

import pytest
from rich.console import Console

from gil_demo.csource.halves import Line, compared
from gil_demo.gallery import registry
from gil_demo.gallery.pattern import Pattern
from gil_demo.report.gallery import HANGING_COLUMNS, CLines, Page


def shown(drawing: object, columns: int) -> list[str]:
    """The lines of a screen of that width."""
    out = StringIO()
    Console(file=out, width=columns, color_system=None, _environ={}).print(drawing)
    return out.getvalue().splitlines()


@pytest.mark.parametrize("columns", [40, 80, 200])
@pytest.mark.parametrize("pattern", registry.load_all(), ids=lambda pattern: pattern.name)
def test_no_c_is_lost_or_stands_before_its_mark(pattern: Pattern, columns: int) -> None:
    """Each line of a half begins behind two columns for the mark, also where it is folded."""
    for half in compared(pattern.source):
        lines = shown(CLines(half), columns)
        assert all(len(line) <= columns for line in lines)
        assert {line[:2] for line in lines if line.strip()} <= {"> ", "  "}
        letters = "".join("".join(line[2:] for line in lines).split())
        assert letters == "".join("".join(line.text for line in half).split())


def test_a_line_that_does_not_fit_goes_on_further_in() -> None:
    """A reader sees at once that this is no line of its own."""
    long = Line("    first(one, two, three, four, five);", differs=True)
    first, rest, *_ = shown(CLines([long]), 34)
    assert first.startswith(">     first(one,")
    assert rest.startswith(" " * (2 + 4 + HANGING_COLUMNS))
    assert rest.strip().endswith("five);")


def test_the_halves_stand_side_by_side_where_there_is_room() -> None:
    """Their first lines are one line of the screen then, and not on a narrow one."""
    page = Page(registry.find("lost-update"))
    wide, narrow = (
        [line for line in shown(page, columns) if line.startswith("unsafe: ")]
        for columns in (220, 80)
    )
    assert ["safe: ok" in line for line in wide] == [True]
    assert ["safe: ok" in line for line in narrow] == [False]


@pytest.mark.parametrize("columns", [80, 220])
def test_c_that_runs_without_a_gil_has_a_title_of_its_own(columns: int) -> None:
    """It is no C that both halves use, and stands below the comparison."""
    lines = shown(Page(registry.find("gil-as-lock")), columns)
    title = lines.index("where there is no GIL")
    assert lines.index("> marks the lines that differ.") < title
    text = "\n".join(lines[title:])
    assert "gil_as_lock_no_gil(" in text
    assert "PyMutex_Lock(" in text
    assert "where there is no GIL" not in shown(Page(registry.find("lost-update")), columns)


def test_c_that_runs_on_a_free_threaded_build_has_another_title() -> None:
    """It runs there with a GIL as well, so it must not say that there is none."""
    lines = shown(Page(registry.find("refcount-race")), 80)
    below = "\n".join(lines[lines.index("on a free-threaded build") :])
    assert "refcount_race_free_threaded(" in below
    assert "Py_INCREF(array);" in below
    assert "where there is no GIL" not in lines
