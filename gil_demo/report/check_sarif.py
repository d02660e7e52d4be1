"""Findings as SARIF 2.1.0, which code scanning services and editors read."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

from gil_demo.check.rule import load_all
from gil_demo.results.check import CheckResult, Finding, Place
from gil_demo.words import Level

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS: dict[Level, str] = {"error": "error", "warning": "warning", "advice": "note"}


def sarif(result: CheckResult, version: str) -> dict[str, Any]:
    """Return the document; the way to each finding is a code flow."""
    rules = load_all()
    indexes = {rule.name: index for index, rule in enumerate(rules)}
    driver = {
        "name": "gil-demo check",
        "semanticVersion": version,
        "rules": [
            {
                "id": rule.name,
                "shortDescription": {"text": rule.sentence},
                "fullDescription": {"text": rule.page["Mechanism"]},
                "help": {"text": f"{rule.instead}\n\n{rule.page['Sources']}"},
                "helpUri": _first_address(rule.page["Sources"]),
                "defaultConfiguration": {"level": LEVELS[rule.level]},
            }
            for rule in rules
        ],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, indexes[finding.rule]) for finding in result.findings],
        "invocations": [
            {
                "executionSuccessful": not result.unreadable,
                "toolExecutionNotifications": [
                    {"level": "error", "message": {"text": f"{file} {why}"}}
                    for file, why in result.unreadable
                ],
            }
        ],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(finding: Finding, index: int) -> dict[str, Any]:
    page = f" See: gil-demo show {finding.pattern}." if finding.pattern else ""
    flow = [{"location": _location(step.place, step.text)} for step in finding.way]
    content: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": LEVELS[finding.level],
        "message": {"text": f"{finding.message} {finding.instead}{page}"},
        "locations": [_location(finding.place)],
        "partialFingerprints": {"gilDemo/v1": finding.fingerprint},
        "codeFlows": [{"threadFlows": [{"locations": flow}]}],
    }
    if finding.places:
        content["relatedLocations"] = [
            {**_location(place, "the same"), "id": number}
            for number, place in enumerate(finding.places, 1)
        ]
    return content


def _location(place: Place, text: str = "") -> dict[str, Any]:
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": _uri(place.file)},
            "region": {
                "startLine": place.line,
                "startColumn": place.column,
                "endColumn": place.end_column,
            },
        }
    }
    if text:
        location["message"] = {"text": text}
    return location


def _uri(file: str) -> str:
    path = Path(file)
    if path.is_absolute():
        try:
            path = path.relative_to(Path.cwd())
        except ValueError:
            return path.as_uri()
    return quote(path.as_posix())


def _first_address(sources: str) -> str:
    start = sources.index("https://")
    return sources[start:].split()[0].rstrip(")")
