"""Another Python like this one: it imports this package, and nothing from the current folder."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import gil_demo
from gil_demo.host.interpreter import python_command

TELL = "import json, sys, gil_demo; print(json.dumps([gil_demo.__file__, {}]))"


def told(folder: Path, expression: str, *arguments: str) -> object:
    """What an expression is worth in a fresh Python whose current folder is this one."""
    ended = subprocess.run(
        python_command(TELL.format(expression), *arguments),
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    home, value = json.loads(ended.stdout)
    assert home == gil_demo.__file__
    return value


def test_it_finds_this_package_and_not_one_in_the_current_folder(tmp_path: Path) -> None:
    """As in the clone, whose source tree lacks the C modules of the installed package."""
    (tmp_path / "gil_demo.py").write_text("raise SystemExit('the current folder was searched')")
    assert told(tmp_path, "sys.argv[1:]", "a", "ü b") == ["a", "ü b"]


def test_neither_the_current_folder_nor_this_package_hides_a_module(tmp_path: Path) -> None:
    """Only the folders that Python itself searches are left on the path."""
    searched = told(tmp_path, "sys.path")
    assert isinstance(searched, list)
    assert not {"", str(tmp_path)} & set(searched)


OPTIONS = {
    "-I": "sys.flags.isolated",
    "-E": "sys.flags.ignore_environment",
    "-O": "sys.flags.optimize",
    "-Werror::UserWarning": "sys.warnoptions == ['error::UserWarning']",
    "-Xdev": "sys.flags.dev_mode",
}


@pytest.mark.parametrize(("option", "told_by"), OPTIONS.items(), ids=OPTIONS)
def test_it_has_the_options_of_this_one(option: str, told_by: str) -> None:
    """Whoever isolates Python, or asks for its checks, has that in the children too."""
    parent = (
        "import subprocess; from gil_demo.host.interpreter import python_command;"
        f"subprocess.run(python_command({f'print(int({told_by}))'!r}), check=True)"
    )
    environment = {name: value for name, value in os.environ.items() if name[:6] != "PYTHON"}
    ended = subprocess.run(
        [sys.executable, option, "-c", parent],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout == "1\n"
