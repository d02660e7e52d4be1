"""Documents that were kept become results again, or are refused in one line."""

import json
import sys
from collections.abc import Callable
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest

from gil_demo.files import STANDARD_STREAM
from gil_demo.report.document import json_text, run_document, try_document
from gil_demo.report.kept import NO_PICTURE, kept_run, kept_trials
from gil_demo.results.patterns import TryResult
from gil_demo.results.reading import VERSION, UnreadableDocument
from gil_demo.results.run import RunResult

KEPT = Path(__file__).parent / "kept"
"""Documents as version 1 printed them."""

Document = dict[str, Any]


@pytest.fixture
def keep(tmp_path: Path) -> Callable[[Document], Path]:
    """Writes a document to a file, as it is printed."""

    def write(document: Document) -> Path:
        file = tmp_path / "kept.json"
        file.write_text(json_text(document), encoding="utf-8")
        return file

    return write


def test_a_kept_run_is_the_same_run(made: RunResult, keep: Callable[[Document], Path]) -> None:
    """Every field comes back, the picture too."""
    assert kept_run(keep(run_document(made))) == made


def test_kept_trials_are_the_same_trials(made: RunResult, keep: Callable[[Document], Path]) -> None:
    """Each half of each pattern comes back, and where it was tried."""
    trials = TryResult(made.patterns, made.environment)
    assert kept_trials(keep(try_document(trials))) == trials


def test_standard_input_is_read_as_a_file(made: RunResult, monkeypatch: pytest.MonkeyPatch) -> None:
    """A result can come through a pipe."""
    text = json_text(run_document(made)).encode()
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(text)))
    assert kept_run(STANDARD_STREAM) == made


def test_a_run_of_version_1_is_read_without_its_picture() -> None:
    """That version kept the figures and left out what the picture needs; a note says so."""
    result = kept_run(KEPT / "run-1.json")
    assert result.verdict.state == "shown"
    assert len(result.scaling) == 6
    assert len(result.patterns) > 50
    assert (result.picture, result.results_agree) == ((), None)
    assert result.notes[-1] == NO_PICTURE


def test_rows_of_version_1_are_read() -> None:
    """What was seen is there as a sentence, as that version wrote it."""
    trials = kept_trials(KEPT / "try-1.json")
    rows = trials.patterns
    assert trials.environment is None
    assert [(row.name, row.half) for row in rows[:2]] == [
        ("lost-update", "unsafe"),
        ("lost-update", "safe"),
    ]
    assert rows[0].evidence.startswith("additions: expected 400, found")


FAULTS: dict[str, tuple[Callable[[Document], object], str]] = {
    "a later version": (lambda d: d.update(version=VERSION + 1), f"version {VERSION + 1}"),
    "no version": (lambda d: d.pop("version"), "which is not valid"),
    "another format": (lambda d: d.update(format="gil-demo/try"), "'gil-demo/try'"),
    "no format": (lambda d: d.pop("format"), "names no format"),
    "no verdict": (lambda d: d.pop("verdict"), "lacks 'verdict'"),
    "an unknown key": (lambda d: d.update(surplus=1), "'surplus'"),
    "a word for a number": (lambda d: d["settings"].update(rounds="many"), "settings.rounds"),
    "an unknown state": (lambda d: d["verdict"].update(state="maybe"), "verdict.state"),
    "notes that are text": (lambda d: d.update(notes="one"), "notes"),
    "no spans": (lambda d: d["picture"][0].update(spans=[]), "picture[0]"),
    "an endless race": (
        lambda d: d["picture"][1]["spans"][0].update(exit_ns=10**30),
        "picture[1]",
    ),
    "a race of no length": (
        lambda d: d["picture"][0].update(
            ticker=[], spans=[{"gil": "held", "thread": 1, "enter_ns": 5, "exit_ns": 5}]
        ),
        "picture[0]",
    ),
    "control characters": (lambda d: d["notes"].append("\x1b[2J"), "control characters"),
}


@pytest.mark.parametrize(("spoil", "problem"), FAULTS.values(), ids=FAULTS)
def test_a_document_that_cannot_be_shown_is_refused(
    spoil: Callable[[Document], object],
    problem: str,
    made: RunResult,
    keep: Callable[[Document], Path],
) -> None:
    """The message names the file and what is wrong with it."""
    document = json.loads(json_text(run_document(made)))
    spoil(document)
    with pytest.raises(UnreadableDocument) as refusal:
        kept_run(keep(document))
    assert "kept.json: " in str(refusal.value)
    assert problem in str(refusal.value)


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"null", b"{", b"\xff\xfe{", b"[" * 100_000, b"GIL held: 1"]
)
def test_a_file_that_is_no_document_is_refused(content: bytes, tmp_path: Path) -> None:
    """Text, other JSON, another encoding: none is read as a result."""
    file = tmp_path / "other.txt"
    file.write_bytes(content)
    for reader in (kept_run, kept_trials):
        with pytest.raises(UnreadableDocument, match=r"other\.txt: "):
            reader(file)
