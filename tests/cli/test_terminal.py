"""Pipes, terminals, colours, widths and encodings."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from command_line import MEASURED, ONE_CALL, Command, controls


def test_piped_output_has_no_control_characters(process: Command) -> None:
    """What goes into a file or another program is text, and progress is not in it."""
    ended = process("run", "--rounds", "1", "--threads", "2", *MEASURED)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert controls(ended.stdout) == set()
    assert "█" in ended.stdout


@pytest.mark.usefixtures("canned")
@pytest.mark.parametrize("columns", [40, 80, 200])
def test_no_line_is_longer_than_the_screen(
    columns: int, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At 40, 80 and 200 columns everything fits, and the wide screen is used."""
    monkeypatch.setenv("COLUMNS", str(columns))
    longest = max(len(line) for line in command("run").stdout.splitlines())
    assert columns * 0.75 < longest <= columns
    longest = max(len(line) for line in command("doctor").stdout.splitlines())
    assert longest <= columns


COLOUR = re.compile(r"\x1b\[(?:\d+;)*(?:3\d|4\d|9\d|10\d)(?:;\d+)*m")


@pytest.mark.usefixtures("canned")
def test_colour_can_be_forced_and_forbidden(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FORCE_COLOR colours a pipe, NO_COLOR has the last word, and an empty one says nothing."""
    assert not COLOUR.search(command("run").stdout)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert COLOUR.search(command("run").stdout)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not COLOUR.search(command("run").stdout)
    monkeypatch.setenv("NO_COLOR", "")
    assert COLOUR.search(command("run").stdout)


def on_a_terminal(columns: int, *arguments: str, **environment: str) -> tuple[str, str]:
    """What a terminal of that width gets on standard output and on standard error."""
    terminals = [pty.openpty(), pty.openpty()]
    for _, inside in terminals:
        fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    running = subprocess.Popen(
        [sys.executable, "-m", "gil_demo", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=terminals[0][1],
        stderr=terminals[1][1],
        env={**os.environ, **environment},
    )
    for _, inside in terminals:
        os.close(inside)
    with ThreadPoolExecutor(2) as readers:
        out, err = readers.map(read_to_the_end, [outside for outside, _ in terminals])
    assert running.wait(timeout=120) == 0
    return out, err


def read_to_the_end(terminal: int) -> str:
    """All that is written to a terminal until nobody has it open any more."""
    pieces = []
    with suppress(OSError):  # how Linux says that the other side is closed
        while piece := os.read(terminal, 4096):
            pieces.append(piece)
    os.close(terminal)
    return b"".join(pieces).decode()


def test_a_terminal_gets_colour_and_a_progress_line() -> None:
    """On a terminal the modes are coloured, and while it measures a line says how far it is."""
    out, err = on_a_terminal(60, "run", *ONE_CALL)
    assert COLOUR.search(out)
    assert "Measuring" in err
    assert "Measuring" not in out
    plain = re.sub(r"\x1b\[[\d;]*m", "", out).splitlines()
    assert max(len(line) for line in plain) <= 60


def test_a_terminal_with_no_color_gets_none() -> None:
    """With NO_COLOR a terminal gets its width and its progress line, but no colour."""
    out, err = on_a_terminal(60, "run", *ONE_CALL, NO_COLOR="1")
    assert not COLOUR.search(out + err)
    assert "Measuring" in err


@pytest.mark.parametrize("columns", [40, 120])
def test_a_dumb_terminal_gets_plain_text_of_its_width(columns: int) -> None:
    """TERM=dumb gets no control characters and no progress line, and keeps its width."""
    out, err = on_a_terminal(columns, "run", *ONE_CALL, TERM="dumb")
    assert err == ""
    assert controls(out) == {"\r"}  # the terminal's own: it ends lines with \r\n
    assert columns * 0.6 < max(len(line) for line in out.splitlines()) <= columns


@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "C"},
        {"LANG": "POSIX"},
        {"PYTHONIOENCODING": "ascii"},
    ],
    ids=str,
)
def test_who_asks_for_ascii_gets_ascii(environment: dict[str, str], process: Command) -> None:
    """Where only ASCII is understood, pictures and tables are drawn with ASCII alone."""
    sections = ("--section", "picture", "--section", "responsiveness")
    ended = process("run", "--rounds", "1", *sections, **environment)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.isascii()
    assert "?" not in ended.stdout
    assert "thread 1  " in ended.stdout
    assert "###" in ended.stdout
