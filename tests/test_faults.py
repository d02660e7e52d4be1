"""A few of the faults that `tests.faults` throws in great numbers."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

FAULTS = {
    "interrupted race": ["interrupts", "--points", "6", "race"],
    "interrupted run": ["interrupts", "--points", "6", *["run", "--rounds", "1", "--csv", "a.csv"]],
    "interrupted try": ["interrupts", "--points", "8", "try", "nested-begin"],
    "interrupted watch": ["interrupts", "--points", "6", "watch", "--html", "a", "-c", "print(1)"],
    "command lines": ["command_lines", "40"],
    ".npy files": ["npy_files", "300"],
}

FAULTS_OF_A_WATCH = {
    "interrupted watch()": ["interrupts", "--points", "12", "watch()"],
    "interrupted probe()": ["interrupts", "--points", "6", "probe()"],
}


def throw(arguments: Sequence[str]) -> None:
    """Throw faults in a process that has no threads and may fork: none may end wrong."""
    script, *others = arguments
    ended = subprocess.run(
        [sys.executable, "-m", f"tests.faults.{script}", *others],
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert "0 wrong" in ended.stdout, ended.stdout + ended.stderr
    assert ended.returncode == 0


@pytest.mark.parametrize("arguments", FAULTS.values(), ids=FAULTS)
def test_faults_end_as_documented(arguments: Sequence[str]) -> None:
    """Exit codes, one line, nothing left behind."""
    throw(arguments)


@pytest.mark.usefixtures("watchable")
@pytest.mark.parametrize("arguments", FAULTS_OF_A_WATCH.values(), ids=FAULTS_OF_A_WATCH)
def test_faults_of_a_watch_end_as_documented(arguments: Sequence[str]) -> None:
    """Ctrl-C comes out, and all that a watch puts in place is gone."""
    throw(arguments)
