"""Reads documents of ``gil-demo watch`` and ``gil-demo probe`` that were kept."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gil_demo.report.kept import named, text_of
from gil_demo.report.watching_probe import ProbeReport, ProbesTable, SelfTestReport
from gil_demo.results.reading import UnreadableDocument, content, read
from gil_demo.results.watching import NamedProbe, ProbeResult, SelfTestRow, Stretch, WatchResult
from gil_demo.watching.selftest import MAX_ERROR_POINTS

STRETCH = ("start_ns", "end_ns", "share", "stack")
"""What the numbers of a stretch are called."""

MAX_NS = 10 * 365 * 86400 * 10**9
"""No program that was watched ran for longer than ten years."""

KeptProbe = ProbeReport | ProbesTable | SelfTestReport


def kept_watch(path: Path) -> WatchResult:
    """Read what ``gil-demo watch --json`` wrote.

    Raises:
        UnreadableDocument: It cannot be read, is no such document, or of a later version.
    """
    with named(path):
        members = content(text_of(path), "gil-demo/watch")
        for part in (members, members.get("worst")):
            if isinstance(part, dict):
                part["lanes"] = _lanes(part.get("lanes"))
        result = read(WatchResult, members)
        for fault in _watch_faults(result):
            raise UnreadableDocument(fault)
        return result


def kept_probe(path: Path) -> KeptProbe:
    """Read what ``gil-demo probe --json`` printed: one statement, a table, or a self-test.

    Raises:
        UnreadableDocument: It cannot be read, is no such document, or of a later version.
    """
    with named(path):
        text = text_of(path)
        kind = _format(text)
        if kind == "gil-demo/probes":
            table = read(_Statements, _with_pictures(content(text, kind)))
            rows = [
                NamedProbe(one.group, one.name, one.why, _sound(one.result))
                for one in table.statements
            ]
            return ProbesTable(tuple(rows), table.title)
        if kind == "gil-demo/selftest":
            return _selftest(content(text, kind))
        members = content(text, "gil-demo/probe")
        members["picture"] = _stretches(members.get("picture"))
        return ProbeReport(_sound(read(ProbeResult, members)))


def _format(text: str) -> str | None:
    """Return the format that a document names, if it is a document."""
    try:
        members = json.loads(text)
    except (ValueError, RecursionError):
        return None
    found = members.get("format") if isinstance(members, dict) else None
    return found if isinstance(found, str) else None


def _lanes(value: object) -> object:
    """Give the stretches of lanes their names; what is no lane is left for `read` to refuse."""
    if not isinstance(value, list):
        return value
    return [
        {name: _stretches(member) for name, member in lane.items()}
        if isinstance(lane, dict)
        else lane
        for lane in value
    ]


def _stretches(value: object) -> object:
    """Give the numbers of stretches their names."""
    if not isinstance(value, list):
        return value
    return [
        dict(zip(STRETCH, row, strict=False)) if isinstance(row, list) else row for row in value
    ]


def _watch_faults(result: WatchResult) -> Iterator[str]:
    """Say what cannot be drawn though its types are right."""
    if not 0 < result.seconds * 1e9 <= MAX_NS:
        yield f"seconds is {result.seconds:g}, which is not the time of a program"
    for lane in result.lanes:
        if any(not 0 <= one.stack < len(result.stacks) for one in (*lane.holds, *lane.waits)):
            yield f"a stretch of {lane.thread!r} has a stack that the document lacks"
    for lane in (*result.lanes, *(result.worst.lanes if result.worst else ())):
        yield from _misplaced(f"a stretch of {lane.thread!r}", (*lane.holds, *lane.waits), MAX_NS)


def _misplaced(name: str, stretches: Iterable[Stretch], end_ns: int) -> Iterator[str]:
    if any(not 0 <= one.start_ns <= one.end_ns <= end_ns for one in stretches):
        yield f"{name} does not lie in the time that was watched"


def _sound(result: ProbeResult) -> ProbeResult:
    """Return the result if it can be drawn."""
    answered = result.state != "inconclusive"
    if (answered or result.calls) and not (result.calls > 0 and result.wall_seconds > 0):
        raise UnreadableDocument(f"{result.statement!r} has calls that took no time")
    for fault in _misplaced("a part of the picture", result.picture, result.call_ns):
        raise UnreadableDocument(fault)
    return result


@dataclass(frozen=True)
class _Statements:
    """The document of a table: its title and its rows."""

    title: str
    statements: tuple[NamedProbe, ...]


def _with_pictures(members: dict[str, Any]) -> dict[str, Any]:
    """Put the result of each row apart from its names, with the picture that a row leaves out."""
    rows = members.get("statements")
    for number, row in enumerate(rows if isinstance(rows, list) else ()):
        if isinstance(rows, list) and isinstance(row, dict):
            names = {name: row.pop(name) for name in ("group", "name", "why") if name in row}
            rows[number] = {**names, "result": {**row, "picture": []}}
    return members


def _selftest(members: dict[str, Any]) -> SelfTestReport:
    cycles = members.get("cycles")
    for row in cycles if isinstance(cycles, list) else ():
        if isinstance(row, dict):
            row.pop("error_points", None)  # it follows from the others
    rows = read(tuple[SelfTestRow, ...], members.get("cycles"), "cycles")
    if not rows:
        raise UnreadableDocument("the document has no cycles")
    return SelfTestReport(rows, MAX_ERROR_POINTS)
