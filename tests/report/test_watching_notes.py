"""What the report of a watch says of things that it could not show."""

from dataclasses import replace

import pytest

from gil_demo.report.watching import notes
from gil_demo.results.watching import ThreadTotals, WatchResult
from gil_demo.watching import asker

LOOP = ThreadTotals("MainThread", 7, 0.9, 0.0, 0.4, 0.0, 2)
ASKER = ThreadTotals(asker.NAME, 8, 0.001, 0.001, 0.0, 0.0, 90)

QUIET = WatchResult(
    program="app.py",
    python="3.12.1",
    seconds=1.0,
    held_seconds=0.9,
    waited_seconds=0.001,
    hand_overs=2,
    switch_interval_seconds=0.005,
    threads=(LOOP,),
    places=(),
    holds=(),
    lanes=(),
    resolution_ns=0,
    worst=None,
    stacks=(),
    longest_wait_seconds=0.0,
    lost_events=0,
    lost_stacks=0,
    other_gils=0,
    exit_code=0,
)
"""One thread, which had the GIL for 0.4 s in a row."""


def test_a_long_hold_for_which_nobody_waited_tells_how_to_find_its_line() -> None:
    """As in an event loop, whose tasks wait inside one thread."""
    (note,) = notes(QUIET)
    assert "The longest hold lasted 400 ms" in note
    assert "--ask-every=10ms" in note


@pytest.mark.parametrize(
    "other",
    [
        replace(QUIET, threads=(LOOP, ASKER)),
        replace(QUIET, waited_seconds=0.3),
        replace(QUIET, threads=(replace(LOOP, longest_hold_seconds=0.01),)),
    ],
    ids=["something asks already", "threads did wait", "every hold was short"],
)
def test_it_is_not_said_where_it_does_not_help(other: WatchResult) -> None:
    """The report has the lines then, or there is nothing to find."""
    assert list(notes(other)) == []
