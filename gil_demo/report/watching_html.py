"""A watch as one web page with a timeline to zoom, move and jump in; it needs no network."""

import json
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from gil_demo.notation import duration
from gil_demo.report.watching import KINDS, notes, watch_sentence, where
from gil_demo.results.watching import Frame, Hold, Lane, Stretch, WatchResult

MAX_WORST = 50
MAX_NAMES = 3


def watch_html(result: WatchResult) -> str:
    """Fill the page with the result. Whatever a thread or a file is called stays text."""
    page = files("gil_demo.report.pages").joinpath("watching.html").read_text("utf-8")
    # in a script element, only "</" and "<!--" could end or change what is read
    content = json.dumps(_content(result), separators=(",", ":")).replace("<", "\\u003c")
    return page.replace("__DATA__", content)


def _content(result: WatchResult) -> dict[str, Any]:
    lanes = [lane.thread for lane in result.lanes]
    return {
        "title": f"gil-demo watch {result.program}".strip(),
        "sentence": watch_sentence(result),
        "notes": [*notes(result), *_resolution(result)],
        "end": max(1, int(result.seconds * 1e9)),
        "lanes": [_lane(lane) for lane in result.lanes],
        "stacks": [[_frame(frame) for frame in stack] for stack in result.stacks],
        "worst": [
            _worst(hold, lanes.index(hold.thread))
            for hold in result.holds[:MAX_WORST]
            if hold.thread in lanes
        ],
        "places": [
            {
                "caused": duration(one.caused_wait_seconds),
                "line": _frame(one.frame) if one.frame else "no Python code",
                "inner": one.inner.function if one.inner else "",
                "kind": KINDS[one.kind],
                "longest": duration(one.longest_hold_seconds),
                "holds": f"{one.holds:,}",
                "threads": _several(one.threads),
                "waiters": _several(one.waiters),
            }
            for one in result.places
        ],
        "threads": [
            [
                one.name,
                duration(one.held_seconds),
                duration(one.waited_seconds),
                duration(one.longest_wait_seconds),
                duration(one.longest_hold_seconds),
                f"{one.hand_overs:,}",
            ]
            for one in result.threads
        ],
    }


def _several(names: Sequence[str]) -> str:
    shown = ", ".join(names[:MAX_NAMES])
    return shown if len(names) <= MAX_NAMES else f"{shown} and {len(names) - MAX_NAMES} more"


def _resolution(result: WatchResult) -> list[str]:
    if not result.resolution_ns:
        return []
    length = duration(result.resolution_ns / 1e9)
    return [
        f"So many hand-overs are not drawn one by one: what is shorter than {length} is drawn"
        " together with its neighbours."
    ]


def _frame(frame: Frame) -> str:
    return f"{frame.function} ({frame.file}:{frame.line})"


def _lane(lane: Lane) -> dict[str, Any]:
    return {
        "thread": lane.thread,
        "holds": [_stretch(one) for one in lane.holds],
        "waits": [_stretch(one)[:3] for one in lane.waits],
    }


def _stretch(one: Stretch) -> list[float]:
    return [one.start_ns, one.end_ns, round(one.share, 3), one.stack]


def _worst(hold: Hold, lane: int) -> dict[str, Any]:
    return {
        "lane": lane,
        "start": hold.start_ns,
        "end": hold.end_ns,
        "caused": hold.caused_wait_ns,
        "waiters": [one.thread for one in hold.waiters],
        "line": where(hold.stack[0]) if hold.stack else "no Python code",
    }
