"""Findings as commands that GitHub Actions turns into notes beside the lines."""

from collections.abc import Iterator

from gil_demo.results.check import CheckResult
from gil_demo.words import Level

COMMANDS: dict[Level, str] = {"error": "error", "warning": "warning", "advice": "notice"}


def github(result: CheckResult) -> str:
    """Return one command a finding."""
    return "".join(f"{line}\n" for line in _lines(result))


def _lines(result: CheckResult) -> Iterator[str]:
    for finding in result.findings:
        place = finding.place
        since = f" Released in line {finding.released_at}." if finding.released_at else ""
        page = f" See: gil-demo show {finding.pattern}." if finding.pattern else ""
        properties = (
            f"file={_property(place.file)},line={place.line},col={place.column},"
            f"endColumn={place.end_column},title={_property(finding.rule)}"
        )
        text = _escaped(f"{finding.message}{since} {finding.instead}{page}")
        yield f"::{COMMANDS[finding.level]} {properties}::{text}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
