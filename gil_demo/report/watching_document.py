"""A watch as texts: a JSON document, CSV, Markdown, and by name every other form."""

import csv
from collections.abc import Iterator
from dataclasses import asdict
from io import StringIO
from typing import Any

from gil_demo.report.document import json_text
from gil_demo.report.kit.gfm import fenced, plain, table
from gil_demo.report.kit.pictures import svg
from gil_demo.report.kit.report import Texts
from gil_demo.report.kit.screen import Screen, screen
from gil_demo.report.watching import (
    KIND_NOTE,
    WatchReport,
    notes,
    place_columns,
    thread_columns,
    watch_sentence,
    where,
)
from gil_demo.report.watching_html import watch_html
from gil_demo.report.watching_picture import LanesPicture
from gil_demo.report.watching_trace import watch_trace
from gil_demo.results.watching import Frame, Hold, Place, WatchResult

VERSION = 1
PICTURE_COLUMNS = 80
HEADER = ("section", "name", "line", "quantity", "value")


def watch_document(result: WatchResult) -> dict[str, Any]:
    """Make the document that `gil-demo watch --json` writes, as plain data."""
    return {
        "format": "gil-demo/watch",
        "version": VERSION,
        "program": result.program,
        "python": result.python,
        "seconds": result.seconds,
        "held_seconds": result.held_seconds,
        "waited_seconds": result.waited_seconds,
        "longest_wait_seconds": result.longest_wait_seconds,
        "hand_overs": result.hand_overs,
        "switch_interval_seconds": result.switch_interval_seconds,
        "exit_code": result.exit_code,
        "lost_events": result.lost_events,
        "lost_stacks": result.lost_stacks,
        "children": result.children,
        "other_gils": result.other_gils,
        "threads": [asdict(one) for one in result.threads],
        "places": [_place(one) for one in result.places],
        "holds": [_hold(one) for one in result.holds],
    }


def watch_texts(result: WatchResult) -> Texts:
    """Return what makes each text, by the option that asks for it."""
    title = f"gil-demo watch {result.program}"[:80]
    return {
        "json": lambda: json_text(watch_document(result)),
        "csv": lambda: watch_csv(result),
        "markdown": lambda: watch_markdown(result, screen()),
        "svg": lambda: svg(WatchReport(result), title),
        "html": lambda: watch_html(result),
        "trace": lambda: json_text(watch_trace(result)),
    }


def _frame(frame: Frame | None) -> dict[str, Any] | None:
    return asdict(frame) if frame else None


def _place(place: Place) -> dict[str, Any]:
    content = asdict(place)
    return {**content, "frame": _frame(place.frame), "inner": _frame(place.inner)}


def _hold(hold: Hold) -> dict[str, Any]:
    return {
        "thread": hold.thread,
        "start_ns": hold.start_ns,
        "seconds": hold.seconds,
        "caused_wait_seconds": hold.caused_wait_ns / 1e9,
        "longest_wait_seconds": hold.longest_wait_ns / 1e9,
        "kind": hold.kind,
        "waiters": [
            {"thread": one.thread, "wait_seconds": one.wait_ns / 1e9} for one in hold.waiters
        ],
        "stack": [asdict(frame) for frame in hold.stack],
    }


def watch_csv(result: WatchResult) -> str:
    """Threads and places, one line a quantity, times in seconds."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(_lines(result))
    return text.getvalue()


def _lines(result: WatchResult) -> Iterator[tuple[str, str, str, str, float | int]]:
    run = ("seconds", "held_seconds", "waited_seconds", "longest_wait_seconds", "hand_overs")
    for name in (*run, "lost_events"):
        yield "run", result.program, "", name, getattr(result, name)
    quantities = ("held_seconds", "waited_seconds", "longest_hold_seconds", "longest_wait_seconds")
    for thread in result.threads:
        for name in (*quantities, "hand_overs"):
            yield "thread", thread.name, "", name, getattr(thread, name)
    for place in result.places:
        line = f"{place.frame.file}:{place.frame.line}" if place.frame else ""
        for name in (
            "caused_wait_seconds",
            "held_seconds",
            "longest_hold_seconds",
            "longest_wait_seconds",
            "holds",
        ):
            yield "place", place.kind, line, name, getattr(place, name)


def watch_markdown(result: WatchResult, console: Screen) -> str:
    """Write the whole report, for an issue or a README."""
    return "\n".join(_parts(result, console))


def _parts(result: WatchResult, console: Screen) -> Iterator[str]:
    yield plain(watch_sentence(result)) + "\n"
    if result.lanes:
        yield fenced(console.text(LanesPicture(result), PICTURE_COLUMNS), "text")
    yield table(thread_columns(result.threads, result.seconds))
    if result.places:
        yield table(place_columns(result.places))
        yield plain(KIND_NOTE) + "\n"
        worst = result.places[0]
        frames = [f"{where(frame)} {frame.function}" for frame in reversed(worst.stack)]
        yield fenced("\n".join(frames), "text") if frames else ""
    for note in notes(result):
        yield plain(note) + "\n"
