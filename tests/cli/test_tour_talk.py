"""``gil-demo tour`` in a terminal: keys, the record, and a terminal that is restored."""

import json
import os
import re
import shlex
import signal
import sys
import termios
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pytest

from gil_demo.exit_codes import DONE, INTERRUPTED
from gil_demo.tour import lesson

pytestmark = pytest.mark.usefixtures("home")

RIGHT = str(lesson.part(1, 1)[0].right + 1)
WRONG = "3"
"""The keys for two answers to the first question; which one is right, the GIL decides."""

PATIENCE_SECONDS = 60
"""How long a page may take to come on a machine that has other things to do."""

SANE = "stty -a | grep -q ' icanon.* echo ' && echo The terminal is sane."
AFTERWARDS = f"""\
code=$?
while [ "$(jobs -s)" ]; do echo Stopped.; {SANE}; fg > /dev/null; code=$?; done
echo The exit code is $code; {SANE}"""
"""What the shell does next: it looks at the terminal, and goes on with what was stopped."""


class Terminal:
    """A person at a terminal in front of ``gil-demo tour``."""

    def __init__(self, *arguments: str, columns: int = 80, rows: int = 24) -> None:
        """Start it, with a shell that controls its jobs around it."""
        program = f"{shlex.quote(sys.executable)} -m gil_demo tour {shlex.join(arguments)}"
        with warnings.catch_warnings():
            # The child of pexpect executes bash at once, so locks of other threads do not matter.
            warnings.filterwarnings("ignore", r".* use of forkpty\(\) may", DeprecationWarning)
            self.child: pexpect.spawn[str] = pexpect.spawn(
                "bash",
                ["--norc", "-c", f"set -m; {program}; {AFTERWARDS}"],
                env=os.environ | {"NO_COLOR": "1"},
                dimensions=(rows, columns),
                encoding="utf-8",
                timeout=PATIENCE_SECONDS,
            )
        self.before = termios.tcgetattr(self.child.child_fd)[:4]

    def sees(self, text: str) -> None:
        """Wait until the screen has shown this."""
        self.child.expect_exact(text)

    def waits_for_a_key(self) -> None:
        """Wait until the program reads single keys."""
        give_up = time.monotonic() + PATIENCE_SECONDS
        while termios.tcgetattr(self.child.child_fd)[3] & termios.ICANON:
            assert time.monotonic() < give_up, self.child.before
            assert self.child.isalive(), self.child.before
            time.sleep(0.01)

    def presses(self, key: str) -> None:
        """Press a key once the program waits for one."""
        self.waits_for_a_key()
        self.child.send(key)

    def seen_lines(self) -> list[str]:
        """The lines between the last two texts that were waited for."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", str(self.child.before)).splitlines()

    def leaves(self) -> int:
        """The exit code, once it has ended; the terminal must be as it was."""
        self.sees("The exit code is ")
        self.child.expect(r"\d+")
        code = int(str(self.child.after))
        self.sees("The terminal is sane.")
        return code


@pytest.fixture
def terminal(interruptible: None) -> Iterator[Callable[..., Terminal]]:
    """Starts the tour in a terminal; it is gone after the test."""
    opened: list[Terminal] = []

    def start(*arguments: str) -> Terminal:
        opened.append(Terminal(*arguments))
        return opened[-1]

    yield start
    for one in opened:
        one.child.close(force=True)


def test_a_student_predicts_runs_and_reads_the_score(
    terminal: Callable[..., Terminal], home: Path
) -> None:
    """From the question over the figures to the score; the prediction is kept."""
    at = terminal("--step", "1")
    at.sees("1 of 12")
    at.sees("1-3: your prediction")
    at.presses(RIGHT)
    at.sees("(yours)")
    at.sees("Enter: finish")
    at.presses("m")
    at.sees(f"Right: {RIGHT}")
    at.sees("Ask yourself")
    at.sees(lesson.part(1, 1)[0].sources[0].address)
    at.presses("\r")
    at.sees("1 of 1 predictions came true")
    assert at.leaves() == DONE


def test_back_again_and_skip(terminal: Callable[..., Terminal]) -> None:
    """Keys of a presenter, with the arrows of a remote control too."""
    at = terminal("--step", "1-3")
    at.sees("1 of 12")
    at.presses("s")
    at.sees("2 of 12")
    at.presses("\x1b[D")  # left
    at.sees("1 of 12")
    at.presses("\x1b[6~")  # page down: run it
    at.sees("Enter: next")
    at.presses("r")
    at.sees("Enter: next")
    at.presses("b")
    at.sees("your prediction")
    at.presses("q")
    assert at.leaves() == DONE


def test_the_lesson_goes_on_another_day(terminal: Callable[..., Terminal], home: Path) -> None:
    """Leaving keeps the place; starting over forgets it."""
    first = terminal()
    first.sees("1 of 12")
    first.presses("3")
    first.sees("Enter: next")
    first.presses("\r")
    first.sees("2 of 12")
    first.presses("q")
    assert first.leaves() == DONE
    second = terminal()
    second.sees("2 of 12")
    second.presses("q")
    assert second.leaves() == DONE
    third = terminal("--restart")
    third.sees("1 of 12")
    third.child.close(force=True)
    fourth = terminal()
    fourth.sees("1 of 12")
    fourth.presses("q")
    assert fourth.leaves() == DONE


def test_some_steps_only_do_not_move_the_place(
    terminal: Callable[..., Terminal], home: Path
) -> None:
    """A step looked up in between is scored, and the lesson goes on where it was."""
    first = terminal()
    first.presses("s")
    first.sees("2 of 12")
    first.presses("q")
    assert first.leaves() == DONE
    second = terminal("--step", "1")
    second.sees("1 of 12")
    second.presses(RIGHT)
    second.sees("Enter: finish")
    second.presses("q")
    assert second.leaves() == DONE
    kept = json.loads((home / "config" / "gil-demo" / "tour.json").read_text())
    assert kept["next_step"] == "let-go"
    right = int(RIGHT) - 1
    assert kept["predictions"] == {"one-lock": {"predicted": right, "right": right}}


def test_leaving_a_plan_names_the_steps_that_are_left(
    terminal: Callable[..., Terminal],
) -> None:
    """The plain command would begin where the whole lesson was left."""
    at = terminal("--step", "1,4,6")
    at.sees("1 of 12")
    at.presses("s")
    at.sees("4 of 12")
    at.presses("q")
    at.sees("gil-demo tour --step 4,6 goes on with the lesson.")
    assert at.leaves() == DONE


def test_no_pause_goes_on_by_itself(terminal: Callable[..., Terminal]) -> None:
    """After the figures comes the next question without a key."""
    at = terminal("--no-pause", "--step", "1-2")
    at.presses("\r")
    at.sees("=>")
    at.sees("2 of 12")
    assert "\x1b[2J" not in str(at.child.before)  # what was shown can still be read
    at.presses("q")
    assert at.leaves() == DONE


def test_a_folder_that_cannot_be_written_is_no_obstacle(
    terminal: Callable[..., Terminal], home: Path
) -> None:
    """The lesson goes on, and is not kept."""
    (home / "config").write_text("a file where a folder should be")
    at = terminal("--step", "1")
    at.presses(WRONG)
    at.sees("Enter: finish")
    at.presses("\r")
    at.sees("0 of 1 predictions came true")
    assert at.leaves() == DONE


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_leaving_in_the_middle_leaves_a_sane_terminal(
    key: str, terminal: Callable[..., Terminal]
) -> None:
    """The terminal reads lines and echoes again, as it did before."""
    at = terminal("--step", "1")
    at.sees("your prediction")
    at.waits_for_a_key()
    mode = termios.tcgetattr(at.child.child_fd)
    assert not mode[3] & (termios.ICANON | termios.ECHO)
    at.presses(key)
    assert at.leaves() == (INTERRUPTED if key == "\x03" else DONE)


def test_ctrl_c_during_a_run_ends_it(terminal: Callable[..., Terminal]) -> None:
    """Exit code 130, and no traceback."""
    at = terminal("--step", "2")
    at.presses("\r")
    at.child.expect("Release the GIL .*%")
    at.child.send("\x03")
    assert at.leaves() == INTERRUPTED
    assert "Traceback" not in str(at.child.before)


def test_ctrl_c_under_the_figures_keeps_what_they_say(
    terminal: Callable[..., Terminal], home: Path
) -> None:
    """The prediction has its result, and the lesson goes on with the next step."""
    at = terminal()
    at.presses(WRONG)
    at.sees("Enter: next")
    at.presses("\x03")
    assert at.leaves() == INTERRUPTED
    (file,) = home.rglob("tour.json")
    record = json.loads(file.read_text())
    (prediction,) = record["predictions"].values()
    assert prediction == {"predicted": int(WRONG) - 1, "right": int(RIGHT) - 1}
    assert record["next_step"] == lesson.part(2, 2)[0].name


def test_ctrl_z_stops_it_with_a_sane_terminal_and_it_goes_on(
    terminal: Callable[..., Terminal],
) -> None:
    """While it is stopped the terminal is the shell's; on coming back the page is drawn again."""
    at = terminal("--step", "1")
    at.sees("your prediction")
    at.presses("\x1a")
    at.sees("Stopped.")
    at.sees("The terminal is sane.")
    at.sees("1 of 12")
    at.presses("q")
    assert at.leaves() == DONE


def test_a_page_is_drawn_anew_when_the_terminal_has_another_size(
    terminal: Callable[..., Terminal],
) -> None:
    """The question is laid out for the new width, and then takes a key as before."""
    at = terminal("--step", "1")
    at.sees("your prediction")
    at.waits_for_a_key()
    at.child.setwinsize(40, 60)
    at.sees("1 of 12")
    at.sees("your prediction")
    assert max(map(len, at.seen_lines())) <= 60
    at.presses("2")
    at.sees("Enter: finish")
    at.waits_for_a_key()
    at.child.setwinsize(24, 80)
    at.sees("Enter: finish")
    at.presses("q")
    assert at.leaves() == DONE


def test_ctrl_z_during_a_run_leaves_a_sane_terminal(terminal: Callable[..., Terminal]) -> None:
    """A cursor that can be seen, and a step that goes on where it was stopped."""
    at = terminal("--step", "2")
    at.presses("\r")
    at.child.expect("Release the GIL .*%")
    at.child.send("\x1a")
    at.sees("Stopped.")
    assert str(at.child.before).count("\x1b[?25l") <= str(at.child.before).count("\x1b[?25h")
    at.sees("The terminal is sane.")
    at.sees("Enter: finish")
    at.presses("q")
    assert at.leaves() == DONE


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1])
def test_a_signal_restores_the_terminal(
    how: signal.Signals, terminal: Callable[..., Terminal]
) -> None:
    """Whoever ends it from outside gets a terminal that works."""
    at = terminal("--step", "1")
    at.sees("your prediction")
    at.waits_for_a_key()
    (program,) = Path(f"/proc/{at.child.pid}/task/{at.child.pid}/children").read_text().split()
    os.kill(int(program), how)
    assert at.leaves() == 128 + how
