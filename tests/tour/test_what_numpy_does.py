"""The step about NumPy: a tick inside a call is the proof that it released the GIL."""

import sys
import threading
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from gil_demo.host import machine
from gil_demo.native import handovers
from gil_demo.results.lesson import Seen, Table
from gil_demo.results.watching import ProbeResult
from gil_demo.tour.experiments import operations
from gil_demo.tour.experiments.operations import OPERATIONS, Operation, Watched
from gil_demo.tour.steps import what_numpy_does as step
from gil_demo.watching.probe import inconclusive
from gil_demo.words import ProbeState, State

SORT, DOT, OBJECTS, LIST = OPERATIONS


def watched(*ticks: int) -> list[Watched]:
    """The four calls with so many ticks inside."""
    return [
        Watched(operation, number, 0.002 if number else 0.041, 0.04)
        for operation, number in zip(OPERATIONS, ticks, strict=True)
    ]


def table(seen: Seen) -> Table:
    (figure,) = seen.figures
    assert isinstance(figure, Table)
    return figure


def column(seen: Seen, position: int) -> list[object]:
    return [row[position] for row in table(seen).rows]


def test_an_addition_written_in_python_lets_others_run() -> None:
    """One call of np.sum, and the ticker ran between two of its additions."""
    ticks, seen, over = [0], set[int](), threading.Event()

    class Number:
        def __add__(self, other: object) -> "Number":
            seen.add(ticks[0])
            return self

    def tick() -> None:
        while not over.is_set():
            ticks[0] += 1

    array = np.full(100_000, Number(), dtype=object)
    ticker = threading.Thread(target=tick)
    ticker.start()
    try:
        for _ in range(200):  # a busy machine may have no core for the ticker during one call
            seen.clear()
            np.sum(array)
            if len(seen) > 1:
                break
    finally:
        over.set()
        ticker.join()
    assert len(seen) > 1


# What the figures say


def test_ticks_inside_the_numbers_and_none_inside_the_objects() -> None:
    """The step shows that NumPy releases the GIL for numbers and keeps it for objects."""
    seen = step.judge(watched(120, 110, 0, 0), gil_enabled=True)
    assert (seen.state, seen.right) == ("shown", 2)
    assert column(seen, 4) == ["releases", "releases", "keeps", "keeps"]
    assert "120 ticks fell inside np.sort, 110 inside np.dot" in seen.remarks[0]
    assert "41 ms" in seen.remarks[1]
    assert seen.remarks[2].startswith("Yes")
    assert "40 ms" in seen.remarks[3]


@pytest.mark.parametrize(
    ("ticks", "who"),
    [((0, 9, 0, 0), "np.sort"), ((9, 0, 0, 0), "np.dot"), ((0, 0, 0, 0), "np.sort and np.dot")],
)
def test_a_call_that_releases_without_a_tick_says_nothing(ticks: Sequence[int], who: str) -> None:
    """On a busy machine the ticker may not get to run: then no call is said to keep the GIL."""
    seen = step.judge(watched(*ticks), gil_enabled=True)
    assert (seen.state, seen.right) == ("inconclusive", None)
    assert f"beside {who}:" in seen.reason
    assert not any(seen.remarks)
    assert "keeps" not in column(seen, 4)


@pytest.mark.parametrize("ticks", [(9, 9, 1, 0), (9, 9, 0, 1)])
def test_a_tick_among_the_objects_must_not_be(ticks: Sequence[int]) -> None:
    """Whoever touches Python objects has the GIL."""
    seen = step.judge(watched(*ticks), gil_enabled=True)
    assert (seen.state, seen.right) == ("contradicted", None)
    assert not any(seen.remarks)


def test_a_tick_among_the_objects_under_a_tracer_decides_nothing() -> None:
    """A tool that runs between the two lines that note the time may release the GIL."""
    seen = step.judge(watched(9, 9, 1, 0), gil_enabled=True, traced=True)
    assert (seen.state, seen.right) == ("inconclusive", None)
    assert "traces or profiles" in seen.reason


def test_without_a_gil_nobody_is_kept_out() -> None:
    """The ticker ticks inside all four, which is the answer there."""
    seen = step.judge(watched(90, 80, 70, 60), gil_enabled=False)
    assert (seen.state, seen.right) == ("shown", 1)
    assert "60 ticks or more" in seen.remarks[1]
    assert "70 ticks fell inside np.sum, 60 inside list.sort" in seen.remarks[2]
    assert column(seen, 4) == ["none"] * 4


def test_without_a_gil_and_without_ticks_nothing_is_said() -> None:
    """A busy machine is no GIL."""
    seen = step.judge(watched(90, 80, 0, 60), gil_enabled=False)
    assert (seen.state, seen.right) == ("inconclusive", None)
    assert "np.sum" in seen.reason
    assert "too busy" in seen.reason


# What the probes say


def probed(*states: ProbeState) -> list[ProbeResult]:
    """Probes of the four calls that ended so."""
    made = []
    for call, state in zip(OPERATIONS, states, strict=True):
        none = inconclusive(call.name, "it raised MemoryError: ")
        shares = {"releases": 0.01, "holds": 1.0, "mixed": 0.4, "inconclusive": 0.0}
        reason = none.reason if state == "inconclusive" else None
        made.append(
            replace(
                none,
                state=state,
                reason=reason,
                held_share=shares[state],
                longest_hold_seconds=0.04,
                call_ns=40_000_000,
            )
        )
    return made


def test_numbers_release_and_objects_hold() -> None:
    """By the hand-overs inside the calls."""
    seen = step.judge_probes(probed("releases", "releases", "holds", "holds"))
    assert (seen.state, seen.right) == ("shown", 2)
    assert column(seen, 4) == ["releases", "releases", "holds", "holds"]
    assert seen.remarks[0] == "No: np.sort had it for 1.0% of its time, np.dot for 1.0%."
    assert "for 40 ms and more" in seen.remarks[1]


@pytest.mark.parametrize(
    ("states", "state", "reason"),
    [
        (("mixed", "releases", "holds", "holds"), "inconclusive", "np.sort did not release"),
        (("releases", "inconclusive", "holds", "holds"), "inconclusive", "it raised MemoryError"),
        (("releases", "releases", "mixed", "holds"), "contradicted", "np.sum"),
        (("mixed", "releases", "holds", "releases"), "contradicted", "list.sort"),
    ],
)
def test_probes_that_say_otherwise_confirm_no_answer(
    states: Sequence[ProbeState], state: State, reason: str
) -> None:
    """Objects without the GIL must not be; numbers that did not release it say nothing."""
    seen = step.judge_probes(probed(*states))
    assert (seen.state, seen.right) == (state, None)
    assert reason in seen.reason
    assert not any(seen.remarks)


def test_where_nothing_can_be_watched_a_ticker_stands_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """As without a GIL, and on other systems; the note says why."""
    monkeypatch.setattr(handovers, "why_not", lambda: "this is a test")
    monkeypatch.setattr(operations, "ROUNDS", 1)
    seen = step.run(lambda done, steps: None)
    assert seen.note == "A ticker stands in for the probe: this is a test."
    assert table(seen).header[1] == "ticks inside"


# The calls


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_the_calls_are_what_they_are_called(operation: Operation) -> None:
    """Each job can be made ready and called, and does what its name says."""
    job = operation.prepare(50)
    found = job()
    if operation is SORT:
        assert isinstance(found, np.ndarray)
        assert (np.diff(found) >= 0).all()
    elif operation is DOT:
        assert isinstance(found, np.ndarray)
        assert found.shape == (50, 50)
    elif operation is OBJECTS:
        assert (type(found), found) == (int, 50)
    else:
        assert found is None


def test_sizes_stay_within_their_limits() -> None:
    """A call that takes no time is not made larger than memory is modest."""
    quick = replace(SORT, prepare=lambda size: lambda: None, max_size=SORT.size * 2)
    assert operations.lasting_size(quick) == SORT.size * 2
    assert SORT.size <= operations.lasting_size(SORT) <= SORT.max_size


@pytest.mark.parametrize("operation", [OBJECTS, LIST], ids=lambda one: one.name)
def test_nobody_ticks_beside_objects(operation: Operation) -> None:
    """Whatever the machine does, the ticker gets no GIL from a call that keeps it."""
    found = [operations.watch(operation, 5 * operation.size).ticks for _ in range(3)]
    assert (found == [0, 0, 0]) == machine.gil_enabled()


def test_python_between_the_stamps_lets_nobody_in() -> None:
    """Even a call of pure Python, which others could ask for the GIL, keeps it."""

    def count() -> None:
        for _ in range(1_000_000):
            pass

    operation = replace(LIST, prepare=lambda size: count)
    assert (operations.watch(operation, 1).ticks == 0) == machine.gil_enabled()


def test_ctrl_c_leaves_nothing() -> None:
    """The ticker ends, and the interval is what it was."""

    def interrupted() -> None:
        raise KeyboardInterrupt

    interval, threads = sys.getswitchinterval(), threading.enumerate()
    with pytest.raises(KeyboardInterrupt):
        operations.watch(replace(LIST, prepare=lambda size: interrupted), 1)
    assert sys.getswitchinterval() == interval
    assert threading.enumerate() == threads


def test_a_real_run() -> None:
    """What noise cannot change: no tick among the objects, and never a wrong verdict."""
    said: list[tuple[int, int]] = []
    interval, threads = sys.getswitchinterval(), threading.enumerate()
    seen = step.run(lambda done, steps: said.append((done, steps)))
    assert [done for done, _ in said] == sorted(done for done, _ in said)
    assert said[-1][0] == said[-1][1]
    assert sys.getswitchinterval() == interval
    assert threading.enumerate() == threads
    assert seen.state != "contradicted"
    by_ticker = {"keeps", "?"} if machine.gil_enabled() else {"none"}
    assert set(column(seen, 4)[2:]) <= (by_ticker if handovers.why_not() else {"holds"})
