"""`gil-demo tour`, as it is asked for on a command line and walked through in a terminal."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pexpect
import pytest

from gil_demo.exit_codes import BAD_INPUT, CONTRADICTED, DONE, INCONCLUSIVE, INTERRUPTED
from gil_demo.results.lesson import Seen
from gil_demo.tour import lesson
from gil_demo.words import State

Command = Callable[..., CompletedProcess[str]]

PATIENCE_SECONDS = 60
"""How long a page may take to come on a machine that has other things to do."""

SANE = "stty -a | grep -q ' icanon.* echo ' && echo The terminal is sane."
AFTERWARDS = f"""\
code=$?
while [ "$(jobs -s)" ]; do echo Stopped.; {SANE}; fg > /dev/null; code=$?; done
echo The exit code is $code; {SANE}"""
"""What the shell does next: it looks at the terminal, and goes on with what was stopped."""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Predictions are kept in a place of this test's own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


# On a command line


def test_the_list_has_a_line_for_every_step(command: Command) -> None:
    """A teacher sees what there is and how long it takes."""
    ended = command("tour", "--list")
    assert ended.returncode == DONE
    for step in lesson.load_all():
        assert re.search(rf"^ ?{step.number} +{re.escape(step.title)}", ended.stdout, flags=re.M)
    assert max(map(len, ended.stdout.splitlines())) <= 80
    assert f"{sum(step.minutes for step in lesson.load_all())} minutes" in ended.stdout


def test_the_notes_have_a_misconception_and_a_question_a_step(command: Command) -> None:
    """A presenter reads them beforehand; nothing is run."""
    ended = command("tour", "--notes", "--step", "2-3")
    flowing = " ".join(ended.stdout.split())
    for step in lesson.part(2, 3):
        assert step.misconception.replace("``", "") in flowing
        assert step.ask in flowing
    assert "1 of 12" not in flowing


def test_without_a_terminal_there_is_nobody_to_ask(process: Command) -> None:
    """One line that says what to do instead."""
    ended = process("tour")
    assert ended.returncode == BAD_INPUT
    assert re.fullmatch(r"gil-demo: [^\n]*--no-input[^\n]*\n", ended.stderr)
    assert ended.stdout == ""


def test_a_refused_restart_forgets_nothing(process: Command, home: Path) -> None:
    """Where nobody can be asked, what was predicted before is still there afterwards."""
    file = home / "config" / "gil-demo" / "tour.json"
    file.parent.mkdir(parents=True)
    file.write_text("kept")
    assert process("tour", "--restart").returncode == BAD_INPUT
    assert file.read_text() == "kept"


@pytest.mark.parametrize(
    "options",
    [
        *(["--list", "--notes"], ["--list", "--json"], ["--notes", "--no-input"]),
        *(["--restart", "--no-input"], ["--restart", "--json"], ["--list", "--svg", "list.svg"]),
    ],
    ids=" ".join,
)
def test_options_that_exclude_each_other_are_refused(options: list[str], command: Command) -> None:
    """Nothing that was asked for is left out in silence."""
    ended = command("tour", *options)
    assert (ended.returncode, ended.stdout) == (BAD_INPUT, "")
    assert re.fullmatch(r"gil-demo: [^\n]+\n", ended.stderr)


@pytest.mark.parametrize("steps", ["0", "13", "x", "3-2", "", "1,2", "-3", "99999"])
def test_unknown_steps_are_refused(steps: str, command: Command) -> None:
    """One line, exit code 2."""
    ended = command("tour", "--no-input", "--step", steps)
    assert ended.returncode == BAD_INPUT
    assert re.fullmatch(r"gil-demo: [^\n]+\n", ended.stderr)


def test_a_step_goes_through_without_input(process: Command) -> None:
    """Question, figures, what they say, and the line to remember; nothing is kept."""
    ended = process("tour", "--no-input", "--step", "1")
    assert ended.returncode == DONE, ended.stderr
    (step,) = lesson.part(1, 1)
    flowing = " ".join(ended.stdout.split())
    assert step.question in flowing
    assert step.remember in flowing
    assert "the second entered after the first had left" in flowing
    assert step.sources[0].address in ended.stdout
    assert "\x1b" not in ended.stdout


def test_json_has_the_facts_of_a_step(process: Command) -> None:
    """One document and nothing else."""
    ended = process("tour", "--json", "--step", "1")
    document = json.loads(ended.stdout)
    (step,) = document["steps"]
    assert (step["name"], step["state"], step["right"]) == ("one-lock", "shown", 2)


def test_the_pages_can_be_taken_away(command: Command, home: Path) -> None:
    """The question and the figures of each step that was run, as an SVG and as a web page."""
    ended = command(
        *("tour", "--no-input", "--step", "1"),
        *("--svg", str(home / "step.svg"), "--html", str(home / "step.html")),
    )
    assert ended.returncode == DONE, ended.stderr
    for file in (home / "step.svg", home / "step.html"):
        text = " ".join(file.read_text("utf-8").split())
        for words in ("1 of 12", "What happens?", "C that keeps the GIL runs alone"):
            assert words.replace(" ", "") in text.replace("&#160;", "").replace(" ", "")


def test_a_place_that_cannot_be_written_is_refused_before_the_lesson(command: Command) -> None:
    """Nobody takes twelve steps to hear that the file cannot be had."""
    ended = command("tour", "--no-input", "--svg", "missing/file.svg")
    assert (ended.returncode, ended.stdout) == (BAD_INPUT, "")


@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- 2>&-"])
def test_a_closed_stream_does_not_come_between_the_tour_and_its_workers(
    closed: str, home: Path
) -> None:
    """Processes and interpreters are talked to by pipes, which get no standard stream's number."""
    command = f"{shlex.quote(sys.executable)} -m gil_demo tour --json --step 12 {closed}"
    ended = subprocess.run(["bash", "-c", command], stdout=subprocess.PIPE, check=False)
    (step,) = json.loads(ended.stdout)["steps"]
    assert "ended before" not in step["reason"]


def test_nothing_is_kept_where_nobody_was_asked(command: Command, home: Path) -> None:
    """A CI job leaves no file behind."""
    command("tour", "--no-input", "--step", "1")
    assert list(home.rglob("tour.json")) == []


@pytest.mark.parametrize(
    ("state", "options", "code"),
    [
        ("shown", ["--check"], DONE),
        ("inconclusive", [], DONE),
        ("inconclusive", ["--check"], INCONCLUSIVE),
        ("contradicted", [], CONTRADICTED),
        ("contradicted", ["--check"], CONTRADICTED),
    ],
)
def test_the_exit_code_says_what_came_of_the_steps(
    state: State, options: list[str], code: int, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job can decide by it."""
    seen = Seen(state, None, ("", "", ""), (), "no reason")
    monkeypatch.setattr("gil_demo.tour.steps.one_lock.run", lambda progress: seen)
    lesson.load_all.cache_clear()
    ended = command("tour", "--no-input", "--step", "1", *options)
    monkeypatch.undo()
    lesson.load_all.cache_clear()
    assert ended.returncode == code
    assert ("no reason" in ended.stdout) == (state != "shown")


# In a terminal


class Terminal:
    """A person at a terminal in front of ``gil-demo tour``."""

    def __init__(self, *arguments: str, columns: int = 80, rows: int = 24) -> None:
        """Start it, with a shell that controls its jobs around it."""
        program = f"{shlex.quote(sys.executable)} -m gil_demo tour {shlex.join(arguments)}"
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
    at.presses("2")
    at.sees("(yours)")
    at.sees("Enter: finish")
    at.presses("m")
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
    second.presses("2")
    second.sees("Enter: finish")
    second.presses("q")
    assert second.leaves() == DONE
    kept = json.loads((home / "config" / "gil-demo" / "tour.json").read_text())
    assert kept["next_step"] == "let-go"
    assert kept["predictions"] == {"one-lock": {"predicted": 1, "right": 1}}


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
    at.presses("1")
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


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
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
