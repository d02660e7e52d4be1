"""A watch as texts: a JSON document, CSV, Markdown, and by name every other form."""

import csv
import re
from collections.abc import Iterator
from dataclasses import asdict, astuple, replace
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
from gil_demo.results.watching import Lane, WatchResult

VERSION = 1
PICTURE_COLUMNS = 80
ROW = re.compile(r"\[\n\s+(?:[\d.e+-]+,\n\s+)+[\d.e+-]+\n\s+\]")
"""A list of numbers, as `json_text` writes it: a line each. No string has a line's end in it."""

HEADER = ("section", "name", "line", "quantity", "value")


def watch_document(result: WatchResult) -> dict[str, Any]:
    """Make the document that `gil-demo watch --json` writes, as plain data."""
    content = asdict(replace(result, lanes=(), worst=None))
    content["lanes"] = [_lane(lane) for lane in result.lanes]
    if result.worst:
        lanes = [_lane(lane) for lane in result.worst.lanes]
        content["worst"] = {**asdict(replace(result.worst, lanes=())), "lanes": lanes}
    content["stacks"] = content.pop("stacks")  # the longest parts last
    content["lanes"] = content.pop("lanes")
    return {"format": "gil-demo/watch", "version": VERSION, **content}


def watch_texts(result: WatchResult) -> Texts:
    """Return what makes each text, by the option that asks for it."""
    title = f"gil-demo watch {result.program}"[:80]
    return {
        "json": lambda: ROW.sub(_in_one_line, json_text(watch_document(result))),
        "csv": lambda: watch_csv(result),
        "markdown": lambda: watch_markdown(result, screen()),
        "svg": lambda: svg(WatchReport(result), title),
        "html": lambda: watch_html(result),
        "trace": lambda: json_text(watch_trace(result)),
    }


def _in_one_line(row: re.Match[str]) -> str:
    return re.sub(r"\n\s+", " ", row[0]).replace("[ ", "[").replace(" ]", "]")


def _lane(lane: Lane) -> dict[str, Any]:
    """Write each stretch as a row of numbers: there may be many."""
    return {
        "thread": lane.thread,
        "holds": [astuple(one) for one in lane.holds],
        "waits": [astuple(one) for one in lane.waits],
    }


def watch_csv(result: WatchResult) -> str:
    """Write threads and places, one line a quantity, times in seconds."""
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
