"""How the program ends when it is cut short: Ctrl-C, a closed pipe, a full disk."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
from command_line import Command, assert_refused

MEASURED = ("--section", "picture", "--section", "scaling", "--section", "responsiveness")

PATTERNS = ("--section", "patterns", *MEASURED)

ENOUGH_SECONDS = 120
"""How long anything here may take before it counts as stuck."""


@contextmanager
def running(
    folder: Path, *arguments: str, stdout: int | IO[str] = subprocess.PIPE
) -> Iterator[subprocess.Popen[str]]:
    """The program at work in a folder; it is killed if the test leaves it running."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gil_demo", *arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


# Ctrl-C


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize(
    ("options", "seconds"),
    [
        (MEASURED, 0.0),
        (MEASURED, 0.05),
        (MEASURED, 0.2),
        (MEASURED, 0.5),
        (PATTERNS, 0.0),
        (PATTERNS, 0.4),
    ],
)
def test_ctrl_c_ends_a_run(options: tuple[str, ...], seconds: float, tmp_path: Path) -> None:
    """Whenever it comes, Ctrl-C ends the run with exit code 130, in silence, leaving no file."""
    files = ("--csv", "figures.csv", "--svg", "picture.svg")
    with running(tmp_path, "run", "--rounds", "1000", *files, *options) as process:
        assert process.stdout is not None
        assert process.stdout.readline() != ""
        time.sleep(seconds)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=ENOUGH_SECONDS)
    assert process.returncode == 130
    assert err.strip() == ""
    assert "Verdict" not in out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_with_a_held_kernel_in_flight_ends_a_run(tmp_path: Path) -> None:
    """Held calls keep everyone waiting, Ctrl-C included, but only to the end of their pass."""
    options = ("--size", "4M", "--threads", "8", "--section", "scaling", "--rounds", "1000")
    with running(tmp_path, "run", *options) as process:
        assert process.stdout is not None
        assert process.stdout.readline() != ""
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=ENOUGH_SECONDS)
    assert (process.returncode, err.strip()) == (130, "")


@pytest.mark.usefixtures("interruptible")
def test_two_ctrl_c_are_one(tmp_path: Path) -> None:
    """An impatient second Ctrl-C changes nothing: exit code 130, no traceback."""
    with running(tmp_path, "run", "--rounds", "1000", *MEASURED) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        time.sleep(0.15)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=ENOUGH_SECONDS)
    assert "Traceback" not in err
    assert process.returncode in (130, -signal.SIGINT)


# A reader that has seen enough


@pytest.mark.parametrize(
    ("lines", "arguments"),
    [
        (1, ["run", "--rounds", "1", "--section", "responsiveness"]),
        (0, ["run", "--rounds", "1", "--section", "responsiveness"]),
        (0, ["run", "--rounds", "1", "--section", "responsiveness", "--json"]),
        (0, ["doctor"]),
    ],
)
def test_a_closed_pipe_is_no_error(lines: int, arguments: list[str], tmp_path: Path) -> None:
    """`gil-demo run | head -1` prints one line, and nothing is said about the pipe."""
    with running(tmp_path, *arguments) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for _ in range(lines):
            assert process.stdout.readline() != ""
        process.stdout.close()
        err = process.stderr.read()
        process.wait(timeout=ENOUGH_SECONDS)
    assert (process.returncode, err) == (0, "")


def test_the_verdict_of_a_check_survives_a_closed_pipe(tmp_path: Path) -> None:
    """A script that reads one line of a --check still gets its exit code, and no other."""
    options = ("--check", "--rounds", "1", "--section", "responsiveness")
    with running(tmp_path, "run", *options) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        process.wait(timeout=ENOUGH_SECONDS)
    assert process.returncode in (0, 3)


# Output that cannot be written


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--rounds", "1", "--section", "responsiveness"],
        ["run", "--rounds", "1", "--section", "responsiveness", "--json"],
        ["doctor", "--json"],
        ["--help"],
        ["--version"],
    ],
    ids=" ".join,
)
def test_a_full_disk_is_told_in_one_line(arguments: list[str], tmp_path: Path) -> None:
    """Output that does not fit: exit code 2, and one line that says why."""
    with Path("/dev/full").open("w") as full, running(tmp_path, *arguments, stdout=full) as process:
        _, err = process.communicate(timeout=ENOUGH_SECONDS)
    assert process.returncode == 2
    assert err.startswith("gil-demo: ")
    assert err.count("\n") == 1
    assert "No space left on device" in err


def with_closed(stream: str, arguments: list[str]) -> subprocess.CompletedProcess[str]:
    """Run gil-demo with a stream closed, as the shell writes that."""
    return subprocess.run(
        ["sh", "-c", f'exec "$@" {stream}', "sh", sys.executable, "-m", "gil_demo", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=ENOUGH_SECONDS,
    )


@pytest.mark.parametrize(
    "arguments", [["run", "--rounds", "1", "--section", "responsiveness"], ["--help"]], ids=" ".join
)
def test_without_any_output_there_is_no_traceback(arguments: list[str]) -> None:
    """A program whose standard output is closed has nowhere to write, and does not mind."""
    ended = with_closed(">&-", arguments)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(["tour"], "needs a terminal"), (["run", "--from", "-"], "standard input")],
    ids=["tour", "run"],
)
def test_without_any_input_one_line_says_what_is_missing(arguments: list[str], told: str) -> None:
    """A program whose standard input is closed reads nothing there, as from /dev/null."""
    ended = with_closed("<&-", arguments)
    assert_refused(ended, told)


def test_a_full_disk_under_csv_leaves_the_old_file_whole(tmp_path: Path, python: Command) -> None:
    """If the disk fills up for real while the figures are written, the old ones stay."""
    file = tmp_path / "figures.csv"
    file.write_text("before")
    limited = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100));"
    main = "from gil_demo.__main__ import main; main()"
    options = ("--rounds", "1", "--section", "responsiveness", "--csv", "figures.csv")
    ended = python(f"{limited} {main}", "run", *options, PYTHONDONTWRITEBYTECODE="1")
    assert ended.returncode == 2
    assert ended.stderr.startswith("gil-demo: ")
    assert ended.stderr.count("\n") == 1
    assert file.read_text() == "before"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_into_a_closed_pipe_is_no_failure(option: str) -> None:
    """`gil-demo --help | true` ends well, and in silence."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = subprocess.run(
            [sys.executable, "-u", "-m", "gil_demo", option],
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=ENOUGH_SECONDS,
        )
    finally:
        os.close(writing)
    assert (ended.returncode, ended.stderr) == (0, "")
