"""A system that gives little: one line and the documented exit code, or it works all the same."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from command_line import ONE_CALL, Command, assert_refused, script

PREPARED = "from gil_demo.__main__ import main; main()"


@pytest.mark.parametrize(
    "arguments", [["tour", "--list"], ["list"], ["try", "lost-update"], ["show", "gilexample"]]
)
def test_a_python_without_docstrings_is_refused(arguments: list[str], process: Command) -> None:
    """They are what the pages are made of."""
    assert_refused(process(*arguments, PYTHONOPTIMIZE="2"), "-OO")


def test_a_python_without_assertions_will_do(process: Command) -> None:
    """One O changes nothing."""
    ended = process("try", "nested-begin", PYTHONOPTIMIZE="1")
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("arguments", [["run", "--size", "x"], ["--nope"], ["try", "nope"]])
def test_bad_input_has_its_exit_code_where_nothing_can_be_said(arguments: list[str]) -> None:
    """Standard error on a full disk must not turn 2 into 1, which means contradicted."""
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [script(), *arguments], stdout=subprocess.PIPE, stderr=full, timeout=60
        )
        assert (ended.returncode, ended.stdout) == (2, b"")
        assert subprocess.run([script(), "list"], stdout=full, stderr=full).returncode == 2


@pytest.mark.parametrize(
    "arguments", [["try", "nested-begin", "daemon-at-exit"], ["tour", "--no-input", "--step", "12"]]
)
def test_no_temporary_folder_is_needed(arguments: Sequence[str], python: Command) -> None:
    """As in a container of which nothing can be written: files in memory will do."""
    nowhere = "import tempfile; tempfile.tempdir = '/nowhere'; " + PREPARED
    ended = python(nowhere, *arguments, TMPDIR="/nowhere", TMP="/nowhere", TEMP="/nowhere")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "unfinished" not in ended.stdout


NO_THREADS = """
import threading
def start(thread):
    raise RuntimeError("can't start new thread")
threading.Thread.start = start
"""

NO_CHILDREN = """
import errno, os, sys
def fork():
    raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
os.fork = fork
"""


@pytest.mark.parametrize("arguments", [["try", "nested-begin"], ["run", *ONE_CALL]])
def test_too_few_threads_are_told(arguments: Sequence[str], python: Command) -> None:
    """One line, and nothing is blamed on a pattern."""
    assert_refused_late(python(NO_THREADS + PREPARED, *arguments), "start")


def test_too_few_processes_are_told(python: Command, tmp_path: Path) -> None:
    """A server that cannot fork says so, and the command ends."""
    (tmp_path / "sitecustomize.py").write_text(NO_CHILDREN)
    ended = python(PREPARED, "try", "nested-begin", PYTHONPATH=str(tmp_path))
    assert_refused_late(ended, "cannot run a pattern in a child process: Resource temporarily")


def assert_refused_late(ended: CompletedProcess[str], words: str) -> None:
    """One line on standard error; something may have been shown before."""
    assert ended.returncode == 2
    assert ended.stderr.startswith("gil-demo: ")
    assert ended.stderr.count("\n") == 1
    assert words in ended.stderr


def test_a_server_that_does_not_start_says_why(python: Command, tmp_path: Path) -> None:
    """Its last words stand where its answer would, and no traceback is thrown at the person."""
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nif '-c' in sys.orig_argv and any('serve()' in one for one in sys.orig_argv):\n"
        "    sys.stderr.write('Traceback\\nNoLuck: today\\n'); sys.stderr.flush()\n"
        "    import os; os._exit(9)\n"
    )
    ended = python(PREPARED, "try", "nested-begin", PYTHONPATH=str(tmp_path), COLUMNS="200")
    assert (ended.returncode, ended.stderr) == (3, "")
    assert "the pattern server ended with status 9: NoLuck: today" in ended.stdout


def test_any_encoding_of_the_streams_will_do(process: Command) -> None:
    """What parent and server say to each other does not depend on it."""
    ended = process("try", "nested-begin", PYTHONIOENCODING="utf-8:strict")
    assert ended.returncode == 0
    encoded = subprocess.run(
        [sys.executable, "-m", "gil_demo", "try", "nested-begin"],
        env={**os.environ, "PYTHONIOENCODING": "utf-16"},
        capture_output=True,
        timeout=60,
    )
    assert (encoded.returncode, encoded.stderr) == (0, b"")


def test_a_numpy_that_does_not_load_is_told(python: Command, tmp_path: Path) -> None:
    """In one line, with its own reason; doctor is asked then, too."""
    (tmp_path / "numpy.py").write_text("raise ImportError('libopenblas is not there')")
    for arguments in (["doctor"], ["run", "--quick"]):
        assert_refused(python(PREPARED, *arguments), "libopenblas is not there")


def test_a_screen_of_any_width_will_do(process: Command) -> None:
    """Nobody has a hundred thousand million columns, and nobody runs out of memory for them."""
    ended = process("run", *ONE_CALL, COLUMNS="99999999999")
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("compiler", ['gcc "', " ", "''", "no-such-compiler"])
def test_a_broken_cc_is_told(compiler: str, process: Command) -> None:
    """Doctor goes on: what it found is what the person asked for."""
    ended = process("doctor", CC=compiler)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "none found" in ended.stdout


def test_what_was_measured_is_shown_even_if_it_cannot_be_written(
    python: Command, tmp_path: Path
) -> None:
    """A disk that fills up: the figures are on the screen, and each lost file is named."""
    limited = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100));" + PREPARED
    files = ("--csv", "one.csv", "--svg", "two.svg")
    ended = python(limited, "run", *ONE_CALL, *files, PYTHONDONTWRITEBYTECODE="1")
    assert ended.returncode == 2
    assert "Verdict" in ended.stdout
    assert ended.stderr.startswith("gil-demo: one.csv cannot be written: File too large; two.svg")
    assert ended.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
