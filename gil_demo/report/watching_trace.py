"""A watch as a trace for Perfetto: holds with their stacks, and waits, linked to their causes.

The format: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
"""

from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

from gil_demo.report.watching import where
from gil_demo.results.watching import Frame, Stretch, WatchResult

CATEGORY = "gil-demo"
PID = 1
MAX_FRAMES = 24
"""Frames of a stack that become slices within the hold."""

Event = dict[str, Any]


def watch_trace(result: WatchResult) -> dict[str, Any]:
    """Write every hold and every wait of the picture, a track a thread."""
    return {
        "traceEvents": list(_events(result)),
        "displayTimeUnit": "ms",
        "otherData": {"program": f"gil-demo watch {result.program}"},
    }


def _events(result: WatchResult) -> Iterator[Event]:
    yield _metadata("process_name", 0, result.program or "the watched block")
    holds = sorted(
        (one.start_ns, one.end_ns, tid)
        for tid, lane in enumerate(result.lanes, start=1)
        for one in lane.holds
    )
    starts = [start for start, _, _ in holds]
    number = 0
    for tid, lane in enumerate(result.lanes, start=1):
        yield _metadata("thread_name", tid, lane.thread)
        for one in lane.holds:
            yield _slice("has the GIL", tid, one, share=one.share)
            yield from _stack(tid, one, result.stacks[one.stack])
        for one in lane.waits:
            yield _slice("waits for the GIL", tid, one, share=one.share)
            cause = _cause(one, tid, holds, starts)
            if cause is not None:
                number += 1
                yield from _link(number, cause, tid, one)


def _stack(tid: int, hold: Stretch, stack: tuple[Frame, ...]) -> Iterator[Event]:
    """Yield the frames as slices within the hold, each in the one before, the outermost first."""
    for frame in reversed(stack[:MAX_FRAMES]):
        yield _slice(frame.function, tid, hold, at=where(frame), file=frame.file)


def _cause(
    wait: Stretch, tid: int, holds: list[tuple[int, int, int]], starts: list[int]
) -> tuple[int, int, int] | None:
    """Find the hold of another thread that the largest part of a wait lies in."""
    best, most = None, 0
    at = max(0, bisect_right(starts, wait.start_ns) - 1)
    while at < len(holds) and holds[at][0] < wait.end_ns:
        start, end, holder = holds[at]
        within = min(end, wait.end_ns) - max(start, wait.start_ns)
        if holder != tid and within > most:
            best, most = holds[at], within
        at += 1
    return best


def _link(number: int, hold: tuple[int, int, int], tid: int, wait: Stretch) -> Iterator[Event]:
    """Draw an arrow from a hold to a wait that it caused, at the first moment they share."""
    start, _, holder = hold
    moment = max(start, wait.start_ns)
    common = {"name": "made it wait", "cat": CATEGORY, "id": number, "pid": PID}
    yield {"ph": "s", "tid": holder, "ts": moment / 1e3, **common}
    yield {"ph": "f", "bp": "e", "tid": tid, "ts": moment / 1e3 + 0.001, **common}


def _slice(name: str, tid: int, stretch: Stretch, **facts: Any) -> Event:
    return {
        "ph": "X",
        "name": name,
        "cat": CATEGORY,
        "pid": PID,
        "tid": tid,
        "ts": stretch.start_ns / 1e3,
        "dur": (stretch.end_ns - stretch.start_ns) / 1e3,
        "args": facts,
    }


def _metadata(what: str, tid: int, name: str) -> Event:
    return {"ph": "M", "name": what, "pid": PID, "tid": tid, "ts": 0, "args": {"name": name}}
