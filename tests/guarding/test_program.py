"""`gil-demo guard` runs a program as Python would, and tells how it went."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import jsonschema
import pytest

from gil_demo.guarding import install
from gil_demo.guarding.handed_down import HandedDown
from gil_demo.native import guard
from gil_demo.report.document import schema
from gil_demo.results.guard import Settings

Run = Callable[..., Any]
Command = Callable[..., CompletedProcess[str]]

SURROUNDINGS = """
import os, sys
print(__name__, sys.argv, sys.path, __file__ if "__file__" in globals() else None)
print(os.environ.get("PYTHONPATH"), os.environ.get("GIL_DEMO_GUARD"), sorted(sys.flags))
"""


def shown(process: Command, *words: str, **environment: str) -> str:
    """What a program prints that runs guarded, its children not."""
    ended = process("guard", "--no-children", *words, **environment)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_a_script_sees_what_python_shows_it(
    process: Command, tmp_path: Path, python: Command
) -> None:
    """Arguments, import path and variables are those of an ordinary run."""
    script = tmp_path / "folder" / "program.py"
    script.parent.mkdir()
    script.write_text(SURROUNDINGS)
    plain = python(
        f"import subprocess, sys; subprocess.run([sys.executable, {str(script)!r}, '-x', 'a b'])"
    )
    assert shown(process, str(script), "-x", "a b") == plain.stdout


def test_a_module_sees_what_python_shows_it(
    process: Command, tmp_path: Path, python: Command
) -> None:
    """With -m, too; the options behind the module's name are the module's."""
    (tmp_path / "program.py").write_text(SURROUNDINGS)
    plain = python(
        "import subprocess, sys;subprocess.run([sys.executable, '-m', 'program', '--edge', '-m'])"
    )
    assert shown(process, "-m", "program", "--edge", "-m") == plain.stdout


def test_a_hidden_sitecustomize_runs(process: Command, tmp_path: Path) -> None:
    """A sitecustomize of the person's own is loaded as without the guard, and found again."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "sitecustomize.py").write_text("value = 'own'")
    code = "import sitecustomize; print(sitecustomize.value)"
    assert shown(process, "-c", code, PYTHONPATH=str(tmp_path / "own")) == "own\n"


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("pass", 0),
        ("raise SystemExit(3)", 3),
        ("1 / 0", 1),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", 128 + signal.SIGTERM),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", 128 + signal.SIGSEGV),
        ("import numpy, signal; signal.raise_signal(signal.SIGSEGV)", 128 + signal.SIGSEGV),
        ("import numpy, os; os.abort()", 128 + signal.SIGABRT),
    ],
)
def test_the_exit_code_is_the_programs(statement: str, code: int, process: Command) -> None:
    """128 + the signal's number where a signal ended it; a signal that was sent is no fault."""
    ended = process("guard", "-c", statement)
    assert ended.returncode == code
    assert "== gil-demo guard" not in ended.stderr


def test_a_request_to_end_reaches_the_program() -> None:
    """SIGTERM is meant for the program, which may tidy up; the exit code is still its own."""
    code = (
        "import signal, sys, time;"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(5));"
        "print('ready', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-m", "gil_demo", "guard", "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 5


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT])
def test_what_the_keyboard_sends_is_left_to_the_program(number: signal.Signals) -> None:
    """It gets the signal too, and may go on: the guard waits for its end."""
    code = "print('ready', flush=True); input(); raise SystemExit(5)"
    command = [sys.executable, "-m", "gil_demo", "guard", "-c", code]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(number)
        process.stdin.write(b"\n")
        process.stdin.close()
        assert process.wait(60) == 5


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_signal_that_comes_before_the_program_reaches_it(name: str, python: Command) -> None:
    """It is kept until the program is there to get it.

    That may be while Python still starts: interrupted then, it ends with 1 and says so itself.
    """
    ended = python(f"""
import os, signal, subprocess, sys
import gil_demo.guarding.run
from gil_demo.cli import run_command_line
start = subprocess.Popen
def start_late(*words, **named):
    os.kill(os.getpid(), signal.{name})
    return start(*words, **named)
subprocess.Popen = start_late
sys.exit(run_command_line(("guard", "-c", "import time; time.sleep(60)")))
""")
    if name == "SIGINT" and ended.returncode == 1:
        assert ended.stderr.startswith("Fatal Python error: init_"), ended.stderr
        assert "KeyboardInterrupt" in ended.stderr
    else:
        assert ended.returncode == 128 + getattr(signal, name), ended.stderr


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_signal_that_is_ignored_is_ignored_by_the_program(name: str, python: Command) -> None:
    """As after nohup: the program inherits it."""
    ended = python(f"""
import signal, sys
from gil_demo.cli import run_command_line
signal.signal(signal.{name}, signal.SIG_IGN)
code = "import signal; print(signal.getsignal(signal.{name}) == signal.SIG_IGN)"
sys.exit(run_command_line(("guard", "-c", code)))
""")
    assert ended.stdout == "True\n", ended.stderr


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_after_the_program_leaves_no_folder(python: Command, tmp_path: Path) -> None:
    """The reports are gathered from a folder that goes first, then the command ends."""
    ended = python(f"""
import os, signal, sys, tempfile
tempfile.tempdir = {str(tmp_path)!r}
from gil_demo.__main__ import main
from gil_demo.guarding import run
gather = run._counts
def interrupted(directory):
    os.kill(os.getpid(), signal.SIGINT)
    return gather(directory)
run._counts = interrupted
sys.argv = ["gil-demo", "guard", "-c", "pass"]
main()
""")
    assert (ended.returncode, ended.stderr) == (128 + signal.SIGINT, "")
    assert list(tmp_path.iterdir()) == []


def test_the_program_ends_when_the_guard_is_killed(tmp_path: Path) -> None:
    """SIGKILL cannot be passed on, so the system ends the program."""
    code = "import time; print('ready', flush=True); time.sleep(20); print('lived on')"
    command = [sys.executable, "-m", "gil_demo", "guard", "-c", code]
    variables = {**os.environ, "TMPDIR": str(tmp_path)}  # for the folder that nobody removes
    with subprocess.Popen(command, env=variables, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.kill()
        assert process.stdout.read() == b""  # read up to its end: nobody has it open any more


def test_the_last_line_says_how_many_arrays_were_guarded(process: Command) -> None:
    """All of them, unless a budget was hit, and then which."""
    ended = process("guard", "-c", "import numpy as np; a = [np.empty(9) for _ in range(50)]")
    last = ended.stderr.splitlines()[-1]
    assert last == "gil-demo guard: 50 of 50 arrays were guarded"


def test_a_program_that_becomes_another_is_counted_with_it(guarded: Run) -> None:
    """exec() keeps the process, and what it has counted before counts."""
    counts = guarded("""
import os
np.empty(9)
then = "import numpy as np; np.empty(9); np.empty(9)"
os.execv(sys.executable, [sys.executable, "-c", then])
""").counts
    assert (counts["guarded"], counts["processes"]) == (3, 1)


def test_a_program_without_numpy_is_told_apart(process: Command) -> None:
    """Nothing was guarded, and the line says why."""
    ended = process("guard", "-c", "print('hello')")
    assert ended.stdout == "hello\n"
    assert ended.stderr.splitlines() == [
        "gil-demo guard: 0 of 0 arrays were guarded: no process imported NumPy under the guard"
    ]


def test_sampling_says_so(guarded: Run) -> None:
    """One array in 50: some are guarded, most are not, none is lost in the count."""
    counts = guarded("for _ in range(20_000): np.empty(9)", "--sample", "50").counts
    assert counts["asked"] == 20_000
    assert 0 < counts["guarded"] < 2_000
    assert counts["guarded"] + counts["sampled_out"] == 20_000


def test_both_edges_are_two_runs(guarded: Run) -> None:
    """The first run sees no read before the start; the second does."""
    ended = guarded("array = np.ones(10); read(address(array) - 1)", "--edge", "both")
    end, start = ended.document["runs"]
    assert (end["exit_code"], end["reports"]) == (0, [])
    assert start["reports"][0]["what"] == "before-start"
    assert ended.code == 128 + signal.SIGSEGV


def test_a_missing_script_is_one_line(process: Command) -> None:
    """Exit code 2, no traceback, and no run."""
    ended = process("guard", "nowhere.py")
    assert ended.returncode == 2
    assert ended.stderr == "gil-demo: there is no file 'nowhere.py' to run\n"


@pytest.mark.parametrize("options", [["--align", "4"], ["--sample", "0"], ["--edge", "middle"]])
def test_a_wrong_option_is_one_line(options: list[str], process: Command) -> None:
    """Usage errors name the option."""
    ended = process("guard", *options, "-c", "pass")
    assert ended.returncode == 2
    assert options[0] in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "statements",
    [
        "pass",
        "a = np.ones(10); read(address(a) + 80)",
        "b = [np.ones(10)]; s = address(b[0]); b.clear(); write(s)",
        "a = np.ones(10); write(address(a) - 1)",
    ],
)
def test_the_document_keeps_its_schema(statements: str, guarded: Run) -> None:
    """JSON for CI is a contract; the program's own output is not in it."""
    ended = guarded("print('the program speaks', flush=True)\n" + statements)
    assert "the program speaks" in ended.output
    jsonschema.validate(ended.document, schema("guard"))


def test_nothing_is_left_behind(process: Command, tmp_path: Path) -> None:
    """The folder for reports is gone, also after a crash."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    code = "import numpy as np, ctypes; ctypes.string_at(0)"
    ended = process("guard", "-c", code, TMPDIR=str(temporary))
    assert ended.returncode == 128 + signal.SIGSEGV
    assert list(temporary.iterdir()) == []


def test_a_process_that_cannot_be_guarded_says_so_and_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An unknown NumPy, or too little address space, is not the program's fault."""

    def refuse(_: Settings) -> None:
        raise guard.GuardUnavailable("array data cannot be guarded: the reason")

    monkeypatch.setattr(guard, "install", refuse)
    install.in_program(HandedDown(guard.settings(), "", False, True, None), 2)
    assert capsys.readouterr().err == "gil-demo guard: array data cannot be guarded: the reason\n"


def test_json_is_the_only_thing_on_standard_output(process: Command) -> None:
    """The program's standard output goes to standard error, so that a tool can read the rest."""
    ended = process("guard", "--json", "-c", "print('words')")
    assert json.loads(ended.stdout)["format"] == "gil-demo/guard"
    assert "words" in ended.stderr
