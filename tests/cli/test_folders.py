"""Where a person stands makes no difference: nothing of the current folder is ever run."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from command_line import script

HOSTILE = "import os; os.write(2, b'a file of the current folder was run'); os._exit(77)\n"

THIRD_PARTY = ("numpy", "click", "rich", "cffi", "_cffi_backend", "gil_demo", "sitecustomize")

MODULES = sorted({*sys.stdlib_module_names, *THIRD_PARTY} - {"antigravity", "this"})


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A folder with a file for each module that a program might import."""
    for name in MODULES:
        (tmp_path / f"{name}.py").write_text(HOSTILE)
    return tmp_path


COMMANDS = {
    "try": ["try", "daemon-at-exit", "nested-begin", "gilexample/strided"],
    "run": ["run", "--quick", "--rounds", "1"],
    "tour": ["tour", "--no-input", "--step", "12"],
    "doctor": ["doctor"],
}


@pytest.mark.parametrize("arguments", COMMANDS.values(), ids=COMMANDS)
def test_files_named_like_modules_are_not_run(arguments: Sequence[str], hostile: Path) -> None:
    """A student's random.py, and a source tree of gil_demo itself, are left alone."""
    ended = subprocess.run(
        [script(), *arguments], cwd=hostile, capture_output=True, text=True, timeout=120
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "unfinished" not in ended.stdout
    assert "could not be had" not in ended.stdout


def test_a_folder_may_be_called_anything(tmp_path: Path) -> None:
    """Spaces, quotes and letters of any alphabet."""
    folder = tmp_path / "Ein Ordner mit 'Lücken' é 漢字"
    folder.mkdir()
    ended = subprocess.run(
        [script(), *COMMANDS["try"], "--svg", "Bild ü.svg"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert [file.name for file in folder.iterdir()] == ["Bild ü.svg"]
