"""One look-up says which compiler and headers build C here, for the build and for the doctor."""

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

from gil_demo.host import toolchain
from gil_demo.host.doctor import examine

ROOT = Path(__file__).parent.parent.parent


def setup_py() -> str:
    """What setup.py says where something is missing."""
    ended = subprocess.run(
        [sys.executable, "setup.py", "--version"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    return ended.stderr


def test_cc_names_the_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    """With its options, as the build takes it."""
    monkeypatch.setenv("CC", "some-cc -m64")
    assert toolchain.compiler() == ["some-cc", "-m64"]
    monkeypatch.delenv("CC")
    assert toolchain.compiler() != ["some-cc", "-m64"]


def test_the_doctor_finds_the_compiler_that_the_build_would_use(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not another one that happens to be here too."""
    monkeypatch.setenv("CC", "no-such-compiler")
    assert examine().compiler is None
    monkeypatch.setenv("CC", sys.executable)
    assert examine().compiler == sys.executable


def test_without_a_compiler_the_build_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One line, no traceback."""
    monkeypatch.setenv("CC", "no-such-compiler")
    said = setup_py()
    assert "there is no 'no-such-compiler' here" in said
    assert "apt install build-essential python3-dev" in said


def test_without_headers_it_says_where_they_were_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder that has no Python.h is named."""
    monkeypatch.setattr(toolchain, "headers", lambda: tmp_path)
    assert toolchain.missing() is not None
    assert f"no Python.h in {tmp_path}" in str(toolchain.missing())


def test_nothing_is_missing_here() -> None:
    """These tests ran on C that was built here."""
    assert toolchain.missing() is None


def test_a_library_is_built_from_one_file(tmp_path: Path) -> None:
    """Options reach the compiler."""
    source, library = tmp_path / "answer.c", tmp_path / "answer.so"
    source.write_text("int answer(void) { return ANSWER; }\n")
    toolchain.build_library(source, library, "-DANSWER=42")
    assert ctypes.CDLL(str(library)).answer() == 42
