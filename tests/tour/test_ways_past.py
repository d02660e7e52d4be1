"""The step about the ways past the GIL: who met, whose sum is right, and what is left behind."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from io import StringIO
from typing import Any, NoReturn

import pytest
from rich.console import Console

from gil_demo.errors import Unavailable
from gil_demo.host import machine
from gil_demo.report.tour import SeenPage
from gil_demo.results.lesson import Cell, Seen, Table
from gil_demo.results.numbers import Spread
from gil_demo.tour import lesson
from gil_demo.tour.steps import ways_past as step
from gil_demo.tour.ways import compare
from gil_demo.tour.ways.compare import Found, Name, Way

pytestmark = pytest.mark.usefixtures("nothing_is_left")

ALONE = Way(0.001, None, 0.09, Spread(1.0, 1.0, 1.0), 1, True)
TWICE = Way(0.04, 0.01, 0.05, Spread(1.8, 1.5, 1.9), 2, True)
NEVER_MET = replace(TWICE, peak_inside=1)
LACK = Unavailable("no process could be started: Operation not permitted")
TOO_OLD = Unavailable("a GIL for each came with Python 3.12 (PEP 684)")

FOUND: Mapping[Name, Found] = {
    "one": ALONE,
    "threads": replace(ALONE, speedup=Spread(1.0, 0.9, 1.1)),
    "one released": replace(ALONE, work_seconds=0.0031),
    "released": replace(TWICE, copy_seconds=None),
    "processes": TWICE,
    "interpreters": TWICE,
}


def judged(*, gil: bool = True, free_threaded: bool = False, **others: Found) -> Seen:
    found: Any = {**FOUND, **others}
    return step.judge(found, gil_enabled=gil, free_threaded=free_threaded)


def table(seen: Seen) -> Table:
    (figure,) = seen.figures
    assert isinstance(figure, Table)
    return figure


# What the figures say


def test_processes_and_interpreters_meet() -> None:
    """Where both meet and threads do not, the third answer is confirmed."""
    seen = judged()
    assert (seen.state, seen.right) == ("shown", 2)
    assert "two processes and two interpreters" in seen.remarks[2]
    assert "two were in C at once" in seen.remarks[1]
    rows = {row[0]: row[1:] for row in table(seen).rows}
    assert list(rows) == [step.LABELS[name] for name in FOUND]
    assert rows["two processes"] == (
        *(Cell(40.0, "ms", 1), Cell(10.0, "ms", 1), Cell(50.0, "ms", 1)),
        *(Cell(1.8, "x", 2, 1.5, 1.9), Cell(2)),
    )
    assert rows["one Python thread"][1] is None
    assert rows["one Python thread"][3] == Cell(1.0, "x", 2)
    assert "runs without one on a free-threaded build" in table(seen).caption


def test_what_each_is_compared_with() -> None:
    """Released C is compared with C, and what that took in one thread is told."""
    caption = table(judged()).caption
    assert "over one thread, same code, round by round" in caption
    lacking: Any = {"one released": LACK, "released": LACK}
    caption = table(judged(**lacking)).caption
    assert "same code" in caption
    assert "No two threads, released C:" in caption
    assert "No one thread" not in caption


def test_what_two_threads_did_is_told_as_seen() -> None:
    """Spans are what was measured, and waiting is not."""
    remark = judged().remarks[0]
    assert "never overlapped" in remark
    assert "wait" not in remark


def test_the_page_fits_a_projector() -> None:
    """It has 24 rows of 80 columns, and the keys take two rows."""
    (this,) = (one for one in lesson.load_all() if one.name == "ways-past")
    screen = StringIO()
    console = Console(file=screen, width=80, force_terminal=True, color_system=None, _environ={})
    console.print(SeenPage(this, judged(), 2))
    assert len(screen.getvalue().splitlines()) <= 22
    assert "Left out" not in screen.getvalue()


def test_a_python_without_such_interpreters() -> None:
    """Before 3.12 processes alone show it, and the table says why a row is missing."""
    seen = judged(interpreters=TOO_OLD)
    assert (seen.state, seen.right) == ("shown", 2)
    assert not any("interpreters" in remark for remark in seen.remarks)
    assert "No two interpreters: a GIL for each came with Python 3.12" in table(seen).caption
    assert len(table(seen).rows) == 5


def test_no_processes_but_interpreters() -> None:
    """Interpreters alone show it as well."""
    seen = judged(processes=LACK)
    assert (seen.state, seen.right) == ("shown", 2)
    assert not any("processes" in remark for remark in seen.remarks)
    assert "Operation not permitted" in table(seen).caption


def test_who_never_met_is_not_said_to_have_met() -> None:
    """Each is told by what it did in this run."""
    seen = judged(interpreters=NEVER_MET, released=NEVER_MET)
    assert (seen.state, seen.right) == ("shown", 2)
    assert seen.remarks[2].startswith("Yes: two processes were inside")
    assert "Two interpreters never met" in seen.remarks[2]
    assert "at once" not in seen.remarks[1]
    assert "interpreters" not in seen.remarks[3]


@pytest.mark.parametrize(
    ("others", "reason"),
    [
        ({"processes": NEVER_MET, "interpreters": NEVER_MET}, "too busy"),
        ({"processes": NEVER_MET, "interpreters": TOO_OLD}, "too busy"),
        ({"processes": LACK, "interpreters": TOO_OLD}, "Operation not permitted"),
        ({"threads": Unavailable("no thread could be started: can't")}, "no thread"),
    ],
)
def test_nobody_met(others: Any, reason: str) -> None:
    """Then nothing is claimed, and the step says why."""
    seen = judged(**others)
    assert (seen.state, seen.right) == ("inconclusive", None)
    assert reason in seen.reason
    assert not any(seen.remarks)


def test_two_threads_inside_under_one_gil_must_not_be() -> None:
    """``sum`` keeps the GIL."""
    seen = judged(threads=TWICE)
    assert (seen.state, seen.right) == ("contradicted", None)


def test_two_threads_inside_under_a_tracer_decide_nothing() -> None:
    """The tool may have released the GIL between the two lines that note the time."""
    found: dict[Name, Found] = {**FOUND, "threads": TWICE}
    seen = step.judge(found, gil_enabled=True, free_threaded=False, traced=True)
    assert (seen.state, seen.right) == ("inconclusive", None)
    assert "traces or profiles" in seen.reason


@pytest.mark.parametrize("name", FOUND)
@pytest.mark.parametrize("gil", [True, False])
def test_a_wrong_sum_must_not_be(name: Name, gil: bool) -> None:
    """All ways add up the same numbers."""
    wrong: Any = {name: replace(TWICE, exact=False)}
    seen = judged(gil=gil, **wrong)
    assert (seen.state, seen.right) == ("contradicted", None)
    assert step.LABELS[name] in seen.reason


def test_without_a_gil_threads_meet_too() -> None:
    """As processes do, which is the first answer there."""
    seen = judged(gil=False, free_threaded=True, threads=TWICE)
    assert (seen.state, seen.right) == ("shown", 0)
    assert seen.remarks[0].startswith("Yes: at one moment two threads were inside sum")
    assert "two processes and two interpreters" in seen.remarks[0]
    assert "No row" not in table(seen).caption


@pytest.mark.parametrize(
    ("others", "reason"),
    [
        ({"threads": TWICE, "processes": NEVER_MET}, "too busy"),
        ({"threads": TWICE, "processes": LACK}, "Operation not permitted"),
        ({"threads": NEVER_MET}, "too busy"),
        ({"threads": Unavailable("no thread could be started: can't")}, "no thread"),
    ],
)
def test_without_a_gil_threads_or_processes_that_never_met_show_nothing(
    others: Any, reason: str
) -> None:
    """The answer is about both of them."""
    seen = judged(gil=False, free_threaded=True, **others)
    assert (seen.state, seen.right) == ("inconclusive", None)
    assert reason in seen.reason


def test_a_gil_that_was_turned_on() -> None:
    """A build that can do without says that its GIL is on."""
    assert "was turned on" in table(judged(free_threaded=True)).caption


# Real runs


def test_a_run_without_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where not even the base can be measured, the step says why."""

    def refused(*_: object) -> NoReturn:
        raise Unavailable("no thread could be started: can't start new thread")

    monkeypatch.setattr(compare, "in_threads", refused)
    seen = step.run(lambda done, steps: None)
    assert (seen.state, seen.right, seen.figures) == ("inconclusive", None, ())


def test_a_real_run() -> None:
    """What noise cannot change: sums are right, and two threads are never inside under a GIL."""
    said: list[tuple[int, int]] = []
    seen = step.run(lambda done, steps: said.append((done, steps)))
    assert [done for done, _ in said] == list(range(said[-1][1] + 1))
    assert seen.state != "contradicted"
    inside = {row[0]: row[-1] for row in table(seen).rows}
    assert inside["one Python thread"] == Cell(1)
    assert {"two processes", "two threads, released C"} <= set(inside)
    assert ("two interpreters" in inside) == (sys.version_info >= (3, 12))
    if machine.gil_enabled():
        assert inside["two Python threads"] == Cell(1)
