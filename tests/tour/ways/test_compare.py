"""The ways compared: the same job in every way, round by round."""

import math
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

import numpy as np
import pytest

from gil_demo.errors import Unavailable
from gil_demo.measuring.switching import UNASKED_SECONDS
from gil_demo.results.numbers import Spread
from gil_demo.results.run import Span
from gil_demo.tour.ways import compare
from gil_demo.tour.ways.compare import Found, Name, Way
from gil_demo.tour.ways.crew import Ready, WorkDone

pytestmark = pytest.mark.usefixtures("nothing_is_left")

SMALL = np.arange(1000, dtype=np.float64)


def test_the_sum_is_exact_in_any_order() -> None:
    """Every partial sum is an integer that a float64 holds."""
    array = np.arange(1000, dtype=np.float64)
    assert compare.right_sum(array) == math.fsum(array)
    assert compare.right_sum(np.broadcast_to(0.0, compare.SIZE)) < 2**53
    begin, end = compare.halves(array)
    assert (begin[0], begin[1], end[1]) == (0, end[0], 1000)


def noted(name: Name, seconds: Sequence[float], said: list[str]) -> Any:
    """What starts a made-up way, which takes so long in each round and tells when it worked."""

    @contextmanager
    def start(array: compare.Numbers) -> Iterator[Ready]:
        took = iter(seconds)

        def work() -> WorkDone:
            said.append(name)
            second = next(took, None)
            if second is None:
                raise Unavailable("a worker did not answer")
            return WorkDone((Span("held", 1, 0, round(second * 1e9)),), (compare.right_sum(array),))

        said.append(f"start {name}")
        yield Ready(0.5, work, passes=4 if "released" in name else 1)
        said.append(f"end {name}")

    return start


def compared(
    monkeypatch: pytest.MonkeyPatch, **others: Sequence[float]
) -> tuple[dict[Name, Found], list[str]]:
    """What is made of made-up ways, and when they worked."""
    said: list[str] = []
    took = {name: others.get(name, (1.0,) * compare.ROUNDS) for name in compare.STARTS}
    starts = {name: noted(name, seconds, said) for name, seconds in took.items()}
    monkeypatch.setattr(compare, "STARTS", starts)
    return compare.compare(SMALL, lambda done, steps: None), said


def test_every_round_has_all_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    """All are started before the first round and end after the last; the order differs."""
    _, said = compared(monkeypatch)
    ways_there_are = len(compare.STARTS)
    assert {one.split(" ")[0] for one in said[:ways_there_are]} == {"start"}
    assert {one.split(" ")[0] for one in said[-ways_there_are:]} == {"end"}
    worked = said[ways_there_are:-ways_there_are]
    rounds = [
        tuple(worked[at : at + ways_there_are]) for at in range(0, len(worked), ways_there_are)
    ]
    assert len(rounds) == compare.ROUNDS >= 3
    assert all(set(one) == set(compare.STARTS) for one in rounds)
    assert len(set(rounds)) > 1


def test_nobody_is_asked_for_the_gil(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else two Python threads could be seen inside, one of them with its time up."""
    intervals = []

    @contextmanager
    def watching(*_: object) -> Iterator[Ready]:
        intervals.append(sys.getswitchinterval())
        yield Ready(0.5, lambda: WorkDone((Span("held", 1, 0, 1),), (sys.getswitchinterval(),)))

    monkeypatch.setattr(compare, "STARTS", dict.fromkeys(compare.STARTS, watching))
    found = compare.compare(np.zeros(1), lambda done, steps: None)
    assert set(intervals) == {UNASKED_SECONDS}
    assert set(found) == set(compare.BASES)


def test_a_round_is_compared_with_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that slows down does so for all: what slows both alike changes no speed-up."""
    drifting = {
        "one": (1.0, 2.0, 4.0, 8.0, 16.0),
        "processes": (0.5, 1.0, 2.0, 4.0, 16.0),
        "one released": (0.8, 0.8, 0.8, 0.8, 0.8),
        "released": (0.4, 0.4, 0.4, 0.8, 0.2),
    }
    found, _ = compared(monkeypatch, **drifting)
    speedups = {name: way.speedup for name, way in found.items() if isinstance(way, Way)}
    assert speedups["one"] == Spread(1.0, 1.0, 1.0)
    assert speedups["processes"] == Spread(2.0, 1.0, 2.0)
    assert speedups["released"] == Spread(2.0, 1.0, 4.0)
    assert isinstance(found["one released"], Way)
    assert found["one released"].work_seconds == 0.2


def test_who_fails_in_a_round_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others go on, and what cannot be compared is not told."""
    found, said = compared(monkeypatch, processes=(1.0,), **{"one released": (1.0, 1.0)})
    lacking = {name for name, way in found.items() if isinstance(way, Unavailable)}
    assert lacking == {"processes", "one released", "released"}
    assert said.count("processes") == 2
    assert said.count("interpreters") == compare.ROUNDS
    with pytest.raises(Unavailable, match="did not answer"):
        compared(monkeypatch, one=(1.0,))


def test_no_thread_for_c_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel's threads are started anew in each round."""

    def refused(*_: object) -> NoReturn:
        raise OSError(11, "cannot start 2 threads")

    with compare.STARTS["released"](SMALL) as ready:
        monkeypatch.setattr(compare, "run_race", refused)
        with pytest.raises(Unavailable, match="cannot start 2 threads"):
            ready.work()
