"""Fixtures of the command line's tests: a run that takes no time, an empty folder, a watch."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from gil_demo.api import PreparedRace
from gil_demo.progress import Progress
from gil_demo.report.run import RunReport
from gil_demo.results.run import RunResult


@pytest.fixture
def canned(made: RunResult, monkeypatch: pytest.MonkeyPatch) -> RunResult:
    """A run takes no time and always has the same figures."""

    def run(race: PreparedRace, progress: Progress) -> RunReport:
        return RunReport(replace(made, notes=(*made.notes, *race.notes)))

    monkeypatch.setattr(PreparedRace, "run", run)
    return made


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Predictions are kept in a place of this test's own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def watched(
    watchable: None, process: Callable[..., CompletedProcess[str]], tmp_path: Path
) -> Callable[..., tuple[CompletedProcess[str], dict[str, Any]]]:
    """Runs a program, given as text, under the watch; gives its end and the JSON document."""

    def run(text: str, *options: str) -> tuple[CompletedProcess[str], dict[str, Any]]:
        (tmp_path / "program.py").write_text(text)
        ended = process("watch", "--json", "seen.json", *options, "program.py")
        file = tmp_path / "seen.json"
        return ended, json.loads(file.read_text()) if file.exists() else {}

    return run
