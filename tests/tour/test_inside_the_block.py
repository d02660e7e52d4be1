"""The step about the block: what is said of endings made by hand, and a real run."""

import sys
from collections.abc import Callable
from dataclasses import replace

import pytest

from gil_demo.results.lesson import Seen, Table
from gil_demo.results.patterns import Death, PatternRow
from gil_demo.tour.steps import inside_the_block
from gil_demo.tour.steps.inside_the_block import ACTIONS, ASKED
from gil_demo.words import HALVES, Half

Rows = Callable[..., tuple[PatternRow, ...]]

ALL = tuple((name, half) for name in ACTIONS for half in HALVES)


def judged(rows: tuple[PatternRow, ...]) -> Seen:
    """The page of an interpreter that always has a GIL."""
    return inside_the_block.judge(rows, gil_enabled=True, free_threaded=False)


def table_of(
    rows: tuple[PatternRow, ...], *, gil: bool = True, free_threaded: bool = False
) -> Table:
    """The figure."""
    (table,) = inside_the_block.judge(rows, gil_enabled=gil, free_threaded=free_threaded).figures
    assert isinstance(table, Table)
    return table


def test_a_process_that_dies_confirms_the_last_answer(ended: Rows) -> None:
    """A signal without a word: nothing was raised."""
    seen = judged(ended(ALL))
    assert (seen.state, seen.right, seen.reason) == ("shown", 3, "")
    assert "only the signal" in seen.remarks[1]
    assert (
        seen.remarks[3] == "Yes: SIGSEGV 2 ms after api-without-gil unsafe began."
        " It needs the thread state that BEGIN detached."
    )


def test_a_fatal_error_is_told_from_a_silent_end(ended: Rows) -> None:
    """Where the interpreter says something, the step does not say that it was silent."""
    rows = tuple(
        replace(row, death=Death("fatal-error", "signal", "SIGABRT", "no GIL"))
        if row.name == ASKED and row.half == "unsafe"
        else row
        for row in ended(ALL)
    )
    seen = judged(rows)
    assert seen.right == 3
    assert "fatal error" in seen.remarks[1]
    assert "only the signal" not in seen.remarks[1]


def test_a_call_that_went_well_contradicts(ended: Rows) -> None:
    """It is declared to crash, and no remark says that it did."""
    seen = judged(ended(ALL, {(ASKED, "unsafe"): "ok"}))
    assert (seen.state, seen.right) == ("contradicted", None)
    assert not any(seen.remarks)


def test_a_call_without_an_end_confirms_nothing(ended: Rows) -> None:
    """The time limit says nothing about the call."""
    seen = judged(ended(ALL, {(ASKED, "unsafe"): "unfinished"}))
    assert (seen.state, seen.right) == ("inconclusive", None)
    assert not any(seen.remarks)


@pytest.mark.parametrize("name", [name for name in ACTIONS if name != ASKED])
@pytest.mark.parametrize("half", HALVES)
def test_the_other_patterns_count_too(ended: Rows, name: str, half: Half) -> None:
    """The answer is decided by one of them, the state by all."""
    seen = judged(ended(ALL, {(name, half): "stall"}))
    assert (seen.state, seen.right) == ("contradicted", None)
    assert f"{half} half of {name} ended in stall" in seen.reason


def test_the_table_has_a_deed_a_row(ended: Rows) -> None:
    """With what it ended in, and its safe half."""
    table = table_of(ended(ALL, {("header-read", "unsafe"): "deadlock"}))
    assert ("reads the shape of the array", "deadlock", "ok", "header-read") in table.rows
    assert len(table.rows) == len(ACTIONS)


@pytest.mark.parametrize(
    ("gil", "free_threaded", "build"),
    [
        (True, False, ";"),
        (True, True, ", a free-threaded build with a GIL;"),
        (False, True, ", a free-threaded build without a GIL;"),
    ],
)
def test_the_interpreter_is_named(
    ended: Rows, *, gil: bool, free_threaded: bool, build: str
) -> None:
    """Outcomes differ from version to version, on a free-threaded build, and without a GIL."""
    caption = table_of(ended(ALL), gil=gil, free_threaded=free_threaded).caption
    assert f"CPython {sys.version_info[0]}.{sys.version_info[1]}{build}" in caption


@pytest.mark.parametrize(
    ("gil", "free_threaded", "references", "shape"),
    [
        (True, False, "takes references, step by step", "reads the shape of the array"),
        (True, True, "takes references", "reads the shape of the array"),
        (False, True, "takes references in the block", "reads the shape, attached"),
    ],
)
def test_the_table_says_what_c_does_on_this_build_and_without_a_gil(
    ended: Rows, *, gil: bool, free_threaded: bool, references: str, shape: str
) -> None:
    """The build decides how references are counted; a GIL, whether reading needs a block."""
    table = table_of(ended(ALL), gil=gil, free_threaded=free_threaded)
    told = {row[-1]: row[0] for row in table.rows}
    assert (told["refcount-race"], told["header-read"]) == (references, shape)
    assert ("inside the block" in table.header[0]) is gil


def test_without_a_gil_nothing_is_said_of_a_wait_for_one(ended: Rows) -> None:
    """The third answer is about attaching there."""
    seen = inside_the_block.judge(ended(ALL), gil_enabled=False, free_threaded=True)
    assert (seen.state, seen.right) == ("shown", 3)
    assert "GIL" not in " ".join(seen.remarks)
    assert "attaches" in seen.remarks[2]


def test_a_safe_half_that_needs_a_gil_is_named_where_there_is_none(ended: Rows) -> None:
    """It ended well, and is not right without a GIL all the same."""
    rows = tuple(
        replace(row, caveat="NumPy has no lock")
        if (row.name, row.half) == ("header-read", "safe")
        else row
        for row in ended(ALL)
    )
    told = "The safe half of header-read is safe with a GIL only: NumPy has no lock."
    assert told in table_of(rows, gil=False, free_threaded=True).caption
    assert "safe half of" not in table_of(ended(ALL)).caption


def test_a_real_run_ends_as_declared() -> None:
    """All of it, on this interpreter."""
    steps = []
    seen = inside_the_block.run(lambda done, all_steps: steps.append((done, all_steps)))
    assert (seen.state, seen.right) == ("shown", 3), seen.reason
    assert all(seen.remarks)
    assert steps[0] == (0, 10)
    assert steps[-1] == (10, 10)
