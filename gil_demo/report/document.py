"""Results as JSON documents; `schema` is the contract that each keeps."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from gil_demo.results.check import CheckResult
from gil_demo.results.host import Examination
from gil_demo.results.lesson import LessonResult
from gil_demo.results.patterns import TryResult
from gil_demo.results.reading import VERSION
from gil_demo.results.run import RunResult

if TYPE_CHECKING:
    from gil_demo.gallery.pattern import Pattern


def run_document(result: RunResult) -> dict[str, Any]:
    """Make the document that `gil-demo run --json` prints, as plain data."""
    content = asdict(result)
    moments = {name: content.pop(name) for name in ("picture", "spans")}
    return {"format": "gil-demo/run", "version": VERSION, **content, **moments}


def doctor_document(examination: Examination) -> dict[str, Any]:
    """Make the document that `gil-demo doctor --json` prints, as plain data."""
    return {"format": "gil-demo/doctor", "version": VERSION, **asdict(examination)}


def check_document(result: CheckResult) -> dict[str, Any]:
    """Make the document that `gil-demo check --format json` prints, as plain data."""
    return {"format": "gil-demo/check", "version": VERSION, **asdict(result)}


def list_document(patterns: "Sequence[Pattern]") -> dict[str, Any]:
    """Make the document that `gil-demo list --json` prints, as plain data."""
    names = ("name", "chapter", "question", "unsafe", "safe")
    rows = [
        {**{name: getattr(pattern, name) for name in names}, "caveat": pattern.caveat("safe")}
        for pattern in patterns
    ]
    return {"format": "gil-demo/list", "version": VERSION, "patterns": rows}


def try_document(trials: TryResult) -> dict[str, Any]:
    """Make the document that `gil-demo try --json` prints, as plain data."""
    return {"format": "gil-demo/try", "version": VERSION, **asdict(trials)}


def tour_document(result: LessonResult) -> dict[str, Any]:
    """Make the document that `gil-demo tour --json` prints, as plain data."""
    return {"format": "gil-demo/tour", "version": VERSION, **asdict(result)}


def json_text(document: dict[str, Any]) -> str:
    """Write a document as it is printed and kept."""
    return json.dumps(document, indent=2) + "\n"


def schema(name: str) -> dict[str, Any]:
    """Load the JSON Schema of the document that a command prints."""
    from importlib.resources import files

    text = files("gil_demo.report.schemas").joinpath(f"{name}.schema.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded
