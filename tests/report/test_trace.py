"""The trace: held to what the Trace Event Format asks of every event.

https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
"""

import json
from collections import defaultdict
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from gil_demo.report.trace import run_trace
from gil_demo.results.run import RunResult, Span, Stretch

Event = dict[str, Any]

KEYS = {"ph", "name", "ts", "pid", "tid"}
MORE_KEYS = {"M": {"args"}, "X": {"dur", "cat", "args"}, "i": {"s", "cat", "args"}}


def events(result: RunResult, phase: str = "MXi") -> list[Event]:
    """The events of some phases, read back from the text of the file."""
    trace = json.loads(json.dumps(run_trace(result), allow_nan=False))
    assert set(trace) == {"traceEvents", "displayTimeUnit", "otherData"}
    assert trace["displayTimeUnit"] in {"ms", "ns"}
    return [event for event in trace["traceEvents"] if event["ph"] in phase]


def names(result: RunResult, kind: str) -> dict[tuple[int, ...], str]:
    """What processes, or threads, are called."""
    key = ("pid",) if kind == "process" else ("pid", "tid")
    found = [event for event in events(result, "M") if event["name"] == f"{kind}_name"]
    called = {tuple(event[part] for part in key): event["args"]["name"] for event in found}
    assert len(called) == len(found), "each has one name"
    return called


def lanes(result: RunResult) -> dict[str, dict[str, list[Event]]]:
    """What lasted, or happened, on each thread of each process, by their names."""
    processes, threads = names(result, "process"), names(result, "thread")
    found: dict[str, dict[str, list[Event]]] = defaultdict(lambda: defaultdict(list))
    for event in events(result, "Xi"):
        process, thread = processes[event["pid"],], threads[event["pid"], event["tid"]]
        found[process][thread].append(event)
    return found


@pytest.fixture
def eventful(made: RunResult) -> RunResult:
    """A run whose ticker ticked once between two calls, and once at the very end."""
    held, released = made.picture
    zero = held.spans[0].enter_ns
    ticks = (
        Stretch(zero - 10**7, zero - 1, 40),
        Stretch(zero + 30_050_001, zero + 30_050_001, 1),
        Stretch(zero + 60_500_000, zero + 60_500_000, 1),
    )
    return replace(made, picture=(replace(held, ticker=ticks), released))


@pytest.fixture(params=["made", "eventful"])
def result(request: pytest.FixtureRequest) -> RunResult:
    """Runs that a trace is made of."""
    chosen: RunResult = request.getfixturevalue(request.param)
    return chosen


def test_every_event_has_the_keys_of_its_phase(result: RunResult) -> None:
    """No key is missing that the format asks for, and each value is of the right kind."""
    for event in events(result):
        assert set(event) == KEYS | MORE_KEYS[event["ph"]]
        assert isinstance(event["name"], str)
        assert isinstance(event["args"], dict)
        assert all(type(event[key]) is int and event[key] > 0 for key in ("pid", "tid"))
        assert all(event[key] >= 0 for key in ("ts", "dur") if key in event)
        assert event.get("s", "t") in {"g", "p", "t"}


def test_every_process_and_every_thread_has_a_name(result: RunResult) -> None:
    """A viewer shows words, not numbers."""
    processes, threads = names(result, "process"), names(result, "thread")
    for event in events(result, "Xi"):
        assert processes[event["pid"],]
        assert threads[event["pid"], event["tid"]]


def test_no_two_threads_share_a_number(result: RunResult) -> None:
    """Nor does a thread have its process's, which viewers would take for the main thread."""
    threads = [tid for _, tid in names(result, "thread")]
    assert len(set(threads)) == len(threads)
    assert {pid for (pid,) in names(result, "process")}.isdisjoint(threads)


def test_on_a_thread_one_thing_happens_after_another(result: RunResult) -> None:
    """Complete events must nest; these do not even overlap, and are written in order."""
    for process in lanes(result).values():
        for lane in process.values():
            for one, other in pairwise(lane):
                assert round((one["ts"] + one.get("dur", 0) - other["ts"]) * 1000) <= 0


def test_each_race_is_a_process_that_begins_at_0(result: RunResult) -> None:
    """Held above released, as in the picture, then the races that were scaled."""
    found = lanes(result)
    assert list(found) == [
        "GIL held, beside a ticker",
        "GIL released, beside a ticker",
    ]
    for process in found.values():
        assert list(process) == ["thread 1", "thread 2", "ticker"]
        assert min(event["ts"] for lane in process.values() for event in lane) == 0


def test_calls_are_as_long_as_they_were(made: RunResult) -> None:
    """In microseconds, to the nanosecond, and as far apart as they were."""
    held = lanes(made)["GIL held, beside a ticker"]
    (one,), (two,) = held["thread 1"], held["thread 2"]
    assert (one["ts"], one["dur"]) == (10_000, 30_000)
    assert (two["ts"], two["dur"]) == (40_100, 29_900)
    assert one["args"] == {"gil": "held"}


def test_ticks_and_stalls_are_told(eventful: RunResult) -> None:
    """Stretches of ticks, single ticks, and between them the stalls."""
    ticker = lanes(eventful)["GIL held, beside a ticker"]["ticker"]
    told = [(event["ph"], event["name"], event["args"].get("ticks")) for event in ticker]
    stall, tick = ("X", "stall", None), ("i", "tick", 1)
    assert told == [("X", "ticking", 40), stall, tick, stall, tick]
    assert ticker[1]["dur"] == 30_050.002


def test_races_that_were_scaled_are_in_it(made: RunResult) -> None:
    """One a mode, native threads included, without a ticker."""
    second = 10**9
    scaled = tuple(
        Span(gil, thread, second, second + 20_000_000 + thread)
        for gil in ("held", "released", "native")
        for thread in (1, 2, 3)
    )
    found = lanes(replace(made, spans=scaled))
    assert list(found)[2:] == ["GIL held", "GIL released", "native threads, no Python"]
    assert list(found["native threads, no Python"]) == ["thread 1", "thread 2", "thread 3"]
    without_picture = lanes(replace(made, spans=scaled, picture=()))
    assert list(without_picture) == list(found)[2:]


def test_a_race_without_ticks_has_no_ticker(made: RunResult) -> None:
    """A ticker that never ticked is no lane."""
    silent = tuple(replace(panel, ticker=()) for panel in made.picture)
    named = names(replace(made, picture=silent), "thread")
    assert set(named.values()) == {"thread 1", "thread 2"}


def test_the_trace_says_where_it_is_from(made: RunResult) -> None:
    """Program and verdict, for whoever finds the file later."""
    assert run_trace(made)["otherData"] == {"program": "gil-demo run", "verdict": "shown"}
