"""Reads results that were kept with ``--json``, so that they can be shown again."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gil_demo.files import STANDARD_STREAM, printable, read_whole
from gil_demo.results.lesson import Cell, Figure, Lanes, LessonResult, Table
from gil_demo.results.patterns import TryResult, from_text
from gil_demo.results.reading import UnreadableDocument, content, read
from gil_demo.results.run import Panel, RunResult
from gil_demo.tour.kept import walk_of
from gil_demo.tour.walk import Walk

CONTROL = re.compile(r"[\x7f-\x9f]|\\u00(?:[01][0-9a-f]|7f|[89][0-9a-f])", re.IGNORECASE)
"""A control character, or its escape. It would steer a terminal, and no result has one."""

NO_PICTURE = "An earlier version of gil-demo kept this result, and left out the picture."

MAX_RACE_NS = 3600 * 10**9
"""The longest race that is drawn. Those that were measured took milliseconds."""

MAX_DIGITS = 9
"""The most digits after the point that a cell of a table may ask for."""


def kept_run(path: Path) -> RunResult:
    """Read what ``gil-demo run --json`` printed.

    Raises:
        UnreadableDocument: It cannot be read, is no such document, or of a later version.
    """
    with named(path):
        members = content(text_of(path), "gil-demo/run")
        if "picture" not in members:  # version 1
            members |= {"picture": [], "results_agree": None}
            members["notes"] = [*_list(members.get("notes")), NO_PICTURE]
        result = read(RunResult, members)
        for fault in _faults(result):
            raise UnreadableDocument(fault)
        return result


def kept_trials(path: Path) -> TryResult:
    """Read what ``gil-demo try --json`` printed.

    Raises:
        UnreadableDocument: It cannot be read, is no such document, or of a later version.
    """
    with named(path):
        return from_text(text_of(path))


def kept_walk(path: Path) -> Walk:
    """Read what ``gil-demo tour --json`` printed, as a walk whose steps were run.

    Raises:
        UnreadableDocument: It cannot be read, is no such document, or of a later version.
    """
    with named(path):
        result = read(LessonResult, content(text_of(path), "gil-demo/tour"))
        for fault in _lesson_faults(result):
            raise UnreadableDocument(fault)
        return walk_of(result)


@contextmanager
def named(path: Path) -> Iterator[None]:
    """Name the file in a complaint about its document."""
    name = "standard input" if path == STANDARD_STREAM else printable(path)
    try:
        yield
    except UnreadableDocument as error:
        raise UnreadableDocument(f"{name}: {error}") from None


def text_of(path: Path) -> str:
    """Return the text of a file, or of standard input, without anything that steers a terminal."""
    try:
        raw = sys.stdin.buffer.read() if path == STANDARD_STREAM else read_whole(path)
        text = raw.decode("utf-8-sig")
    except OSError as error:
        raise UnreadableDocument(f"the document cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UnreadableDocument("the document is not UTF-8") from None
    if CONTROL.search(text):
        raise UnreadableDocument("the document has control characters, which no result has")
    return text


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _faults(result: RunResult) -> Iterator[str]:
    """Say what cannot be drawn though its types are right."""
    for number, panel in enumerate(result.picture):
        for fault in _panel_faults(panel):
            yield f"picture[{number}] {fault}"


def _panel_faults(panel: Panel) -> Iterator[str]:
    if not panel.spans:
        yield "has no spans"
    moments = [moment for span in panel.spans for moment in (span.enter_ns, span.exit_ns)]
    moments += [moment for one in panel.ticker for moment in (one.first_ns, one.last_ns)]
    if moments and not 0 < max(moments) - min(moments) <= MAX_RACE_NS:
        yield "is not a race of at most an hour"


def _lesson_faults(result: LessonResult) -> Iterator[str]:
    """Say which figure cannot be drawn though its types are right."""
    for number, step in enumerate(result.steps):
        for position, figure in enumerate(step.figures):
            for fault in _figure_faults(figure):
                yield f"steps[{number}].figures[{position}] {fault}"


def _figure_faults(figure: Figure) -> Iterator[str]:
    if isinstance(figure, Table):
        if not figure.header or any(len(row) != len(figure.header) for row in figure.rows):
            yield "has a row that is not as long as its header"
        cells = [cell for row in figure.rows for cell in row if isinstance(cell, Cell)]
        if not all(0 <= cell.digits <= MAX_DIGITS for cell in cells):
            yield f"has a cell whose digits are not from 0 to {MAX_DIGITS}"
    if isinstance(figure, Lanes):
        for number, panel in enumerate(figure.panels):
            for fault in _panel_faults(panel):
                yield f"panels[{number}] {fault}"
