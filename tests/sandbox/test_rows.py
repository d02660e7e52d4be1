"""The endings of many runs become one row for each half of each pattern."""

from collections.abc import Callable, Sequence

import pytest

from gil_demo.gallery import registry
from gil_demo.host import machine
from gil_demo.results.patterns import Death, Ending, Finding, PatternRow
from gil_demo.sandbox import pool, rows
from gil_demo.words import Half

HALVES: tuple[Half, ...] = ("unsafe", "safe")

RIGHT = Finding("ok", "additions", found=400, expected=400)
WRONG = Finding("wrong-value", "additions", found=200, expected=400)
DEAD = Death("crash", "signal", "SIGSEGV")


def row_of(half: Half, *left: Finding | Death) -> PatternRow:
    """The row of lost-update, from endings made by hand."""
    task = registry.find("lost-update"), half
    endings = [(task, Ending(one, float(seconds))) for seconds, one in enumerate(left)]
    ((_, row),) = rows.grouped(endings)
    return row


def test_the_run_that_did_not_end_as_expected_tells_most() -> None:
    """One in many is the one to look at."""
    row = row_of("unsafe", WRONG, WRONG, DEAD, RIGHT)
    assert (row.runs, row.as_expected) == (4, 2)
    assert row.outcomes == {"wrong-value": 2, "crash": 1, "ok": 1}
    assert (row.death, row.finding, row.evidence) == (DEAD, None, "SIGSEGV")
    assert (row.seconds.low, row.seconds.high) == (0, 3)


def test_the_first_run_tells_where_all_ended_as_expected() -> None:
    """Its numbers are in the row, and in the sentence."""
    row = row_of("unsafe", WRONG, WRONG)
    assert (row.finding, row.death) == (WRONG, None)
    assert row.evidence == "additions: expected 400, found 200"


def test_a_race_left_to_chance_is_told_by_the_run_that_went_wrong() -> None:
    """What the unsafe half is expected to do is what can happen."""
    assert row_of("unforced", RIGHT, RIGHT, WRONG).finding == WRONG
    assert row_of("unforced", RIGHT, RIGHT).finding == RIGHT


def test_what_is_timed_has_the_machine_to_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ratios of times are measured when nothing else runs, and told in the order asked for."""
    at_once: dict[str, int] = {}

    class Recorder(pool.Sandbox):
        def run_all(
            self, tasks: Sequence[pool.Task], progress: Callable[[int, int], None]
        ) -> list[Ending]:
            at_once.update({subject.name: self._workers for subject, _ in tasks})
            return [Ending(RIGHT, 0.0) for _ in tasks]

    monkeypatch.setattr(rows, "Sandbox", Recorder)
    names = ("tiny-work", "lost-update", "convoy")
    tasks = [(registry.find(name), half) for name in names for half in HALVES]
    told = rows.try_patterns([*tasks, *tasks], 2, lambda done, steps: None)
    convoy = 1 if machine.gil_enabled() else 2  # without a GIL it shows no time
    assert at_once == {"tiny-work": 1, "lost-update": 2, "convoy": convoy}
    assert [(row.name, row.half, row.runs) for row in told] == [
        (one.name, half, 2) for one, half in tasks
    ]


def test_progress_counts_all_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that run side by side and those that run alone, on one scale."""

    class Counter(pool.Sandbox):
        def run_all(
            self, tasks: Sequence[pool.Task], progress: Callable[[int, int], None]
        ) -> list[Ending]:
            for done, _ in enumerate(tasks, start=1):
                progress(done, len(tasks))
            return [Ending(RIGHT, 0.0) for _ in tasks]

    monkeypatch.setattr(rows, "Sandbox", Counter)
    half: Half = "safe"
    tasks = [(registry.find(name), half) for name in ("tiny-work", "lost-update")]
    steps: list[tuple[int, int]] = []
    rows.try_patterns(tasks, 2, lambda done, all_steps: steps.append((done, all_steps)))
    assert steps == [(1, 2), (2, 2)]
