"""The step about the question's own program: what is said of endings made by hand, and a run."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from gil_demo.gallery.question import page
from gil_demo.host import machine
from gil_demo.report import tour as pages
from gil_demo.results.lesson import Code
from gil_demo.results.patterns import PatternRow
from gil_demo.tour.lesson import load_all
from gil_demo.tour.steps import the_question
from gil_demo.words import Half, Outcome

Rows = Callable[[], tuple[PatternRow, ...]]

FOUND: dict[Half, float] = {"unsafe": 10.0, "safe": 20.0}


@pytest.fixture
def tried(ended: Callable[..., tuple[PatternRow, ...]]) -> Callable[..., tuple[PatternRow, ...]]:
    """Makes what trying the claims brings, as they are claimed unless told otherwise."""

    def rows(
        otherwise: Mapping[tuple[str, Half], Outcome] | None = None,
        names: tuple[str, ...] = the_question.SHOWN,
        found: Mapping[Half, float] = FOUND,
    ) -> tuple[PatternRow, ...]:
        halves: list[tuple[str, Half]] = [(name, "unsafe") for name in names]
        made = ended([*halves, (the_question.ASKED, "safe")], otherwise)
        return tuple(
            replace(row, finding=replace(row.finding, found=found[row.half], expected=20.0))
            if row.finding and row.name == the_question.ASKED
            else row
            for row in made
        )

    return rows


def code_of(rows: tuple[PatternRow, ...]) -> Code:
    """The figure."""
    (code,) = the_question.judge(rows).figures
    assert isinstance(code, Code)
    return code


def remarks_of(code: Code) -> dict[str, str]:
    """The remarks by the first line of the statements that have one."""
    return {line.text.splitlines()[0]: line.remark for line in code.lines if line.remark}


def test_the_first_five_confirm_the_second_answer(tried: Rows) -> None:
    """C's sum and that of the program as it should be are those that were found."""
    seen = the_question.judge(tried())
    assert (seen.state, seen.right, seen.reason) == ("shown", 1, "")
    assert "10." in seen.remarks[1]
    assert seen.remarks[1].endswith("gilexample_safe: 20.")


def test_the_code_is_what_was_compiled(tried: Rows) -> None:
    """By the numbers of its lines, wrapped, without comments, from the first claim to END."""
    source, _ = page.sources()
    lines = source.splitlines()
    code = code_of(tried())
    for line in code.lines:
        assert "".join(line.text.split()).startswith("".join(lines[line.number - 1].split()))
        assert "/*" not in line.text
        assert max(map(len, line.text.splitlines())) <= the_question.MAX_COLUMNS
    texts = [line.text for line in code.lines]
    assert texts[0].startswith("PyArg_ParseTuple")
    assert texts[-1] == "Py_END_ALLOW_THREADS"
    (conversion,) = (line for line in code.lines if "FROM_OTF" in line.text)
    joined = "".join(lines[conversion.number - 1 : conversion.number + 1])
    assert "".join(conversion.text.split()) == "".join(joined.split())


def test_the_title_names_the_lines_that_the_check_flags_and_where_they_begin(tried: Rows) -> None:
    """A statement of two lines has the number of its first one on the page."""
    pytest.importorskip("tree_sitter")
    code = code_of(tried())
    assert "flags lines 20, 26-27;" in code.title
    assert {20, 26} <= {line.number for line in code.lines}


def test_the_check_turns_no_gil_on(tried: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its parser would, in a build that can run without one, and the lesson goes on without."""
    monkeypatch.setattr(machine, "free_threaded", lambda: True)
    monkeypatch.setattr(machine, "gil_enabled", lambda: False)
    monkeypatch.setattr(the_question, "check_text", pytest.fail)
    assert code_of(tried()).title.endswith("gil-demo show gilexample tells of each claim")


def test_each_claim_stands_beside_its_lines(tried: Rows) -> None:
    """What it says of them, its name, and what it ended in."""
    remarks = remarks_of(code_of(tried()))
    assert remarks['PyArg_ParseTuple(args, "O", &X);'] == "wrong: no-argument, crash"
    assert remarks["PyArrayObject *array = (PyArrayObject *)"].splitlines() == [
        "right: own-reference, ok",
        "wrong: every-other, wrong-value",
        "wrong: not-numbers, crash",
    ]
    assert remarks["const npy_intp size = PyArray_SIZE(array);"] == "right: read-before, ok"
    assert remarks["Py_BEGIN_ALLOW_THREADS"] == "right: not-moved, ok"
    assert len(remarks) == 4


def test_without_a_gil_the_block_cannot_be_seen(
    tried: Callable[..., tuple[PatternRow, ...]],
) -> None:
    """The claims that take one are not tried, and nothing is said of their lines."""
    rows = tried(names=the_question.ANYWHERE)
    seen = the_question.judge(rows)
    assert (seen.state, seen.right) == ("shown", 1)
    remarks = remarks_of(code_of(rows))
    assert remarks["Py_BEGIN_ALLOW_THREADS"] == "not tried, no GIL: not-moved"
    assert "right" not in "".join(remarks.values())


@pytest.mark.parametrize("name", the_question.SHOWN)
def test_a_claim_that_fails_contradicts(
    tried: Callable[..., tuple[PatternRow, ...]], name: str
) -> None:
    """Its line is called neither right nor wrong."""
    rows = tried({(name, "unsafe"): "fatal-error"})
    seen = the_question.judge(rows)
    assert seen.state == "contradicted"
    assert name in seen.reason
    assert seen.right is None
    (remark,) = (
        line
        for lines in remarks_of(code_of(rows)).values()
        for line in lines.splitlines()
        if "fatal-error" in line
    )
    assert remark == f"{name.removeprefix('gilexample/')}, fatal-error"


def test_a_claim_without_an_end_shows_nothing(
    tried: Callable[..., tuple[PatternRow, ...]],
) -> None:
    """A child that did not get to its end is a reason, not a contradiction."""
    seen = the_question.judge(tried({(the_question.ASKED, "unsafe"): "unfinished"}))
    assert (seen.state, seen.right) == ("inconclusive", None)
    assert not any(seen.remarks)


def test_another_wrong_sum_contradicts(tried: Callable[..., tuple[PatternRow, ...]]) -> None:
    """It must be that of the first doubles in memory."""
    seen = the_question.judge(tried(found={**FOUND, "unsafe": 12.0}))
    assert (seen.state, seen.right) == ("contradicted", None)
    assert "12" in seen.reason


@pytest.mark.parametrize("names", [the_question.SHOWN, the_question.ANYWHERE])
def test_the_page_fits_a_projector(
    tried: Callable[..., tuple[PatternRow, ...]], names: tuple[str, ...]
) -> None:
    """With its code, remarks and keys, on 80 columns and 24 rows."""
    (step,) = (step for step in load_all() if step.name == "the-question")
    console = Console(
        file=StringIO(), width=80, force_terminal=True, color_system=None, _environ={}
    )
    console.print(pages.SeenPage(step, the_question.judge(tried(names=names))))
    console.print(pages.seen_keys(last=False))
    assert isinstance(console.file, StringIO)
    assert len(console.file.getvalue().splitlines()) <= 24


def test_a_real_run_confirms_the_second_answer() -> None:
    """Whatever the interpreter, C reads what lies first."""
    steps = []
    seen = the_question.run(lambda done, all_steps: steps.append((done, all_steps)))
    assert (seen.state, seen.right) == ("shown", 1), seen.reason
    count = 7 if machine.gil_enabled() else 4
    assert steps == [(done, count) for done in range(count + 1)]
