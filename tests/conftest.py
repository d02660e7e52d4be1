"""What the tests share: plain surroundings, the command line, and a run made by hand."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from command_line import Command
from made_by_hand import made_run, row_of

from gil_demo.check import grammar
from gil_demo.errors import BadInput
from gil_demo.host import machine
from gil_demo.native import handovers
from gil_demo.results.patterns import Death, Finding, PatternRow
from gil_demo.results.run import RunResult
from gil_demo.words import Half, Outcome, each

Halves = Iterable[tuple[str, Half]]

SPEAKING = (
    "COLUMNS",
    "LINES",
    "NO_COLOR",
    "FORCE_COLOR",
    "TTY_COMPATIBLE",
    "TTY_INTERACTIVE",
    "LC_ALL",
    "LC_CTYPE",
    "PYTHONIOENCODING",
    "PYTHONUTF8",
    "PYTHONWARNINGS",
    "PYTHONUNBUFFERED",
    "_GIL_DEMO_COMPLETE",
)
"""Variables by which a person tells programs how to look, and which no test may inherit."""


@pytest.fixture(autouse=True)
def plain_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A UTF-8 locale and a usual terminal, whatever the person who runs the tests has set."""
    for name in SPEAKING:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("TERM", "xterm-256color")


@pytest.fixture(scope="session")
def watchable() -> None:
    """Skips tests that follow a GIL where nothing can: on a build that can do without one."""
    why_not = handovers.why_not()
    if why_not and machine.free_threaded():
        pytest.skip(why_not)


@pytest.fixture
def not_made_to_drop() -> Iterator[None]:
    """A thread of the test runner that asks for the GIL gets it only where the test drops it.

    So how often the test's own thread drops the GIL is known exactly.
    """
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    yield
    sys.setswitchinterval(interval)


@pytest.fixture(scope="session")
def parser() -> None:
    """Skips tests that parse C where a build that can do without a GIL has no parser, or no GIL."""
    if grammar.would_turn_gil_on():
        pytest.skip("without a GIL the check's parser is not loaded: it would turn one on")
    try:
        grammar.ensure_available()
    except BadInput as error:
        if not machine.free_threaded():
            raise
        pytest.skip(str(error))


@pytest.fixture
def interruptible() -> Iterator[None]:
    """SIGINT and SIGQUIT end child processes, even if the tests run in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    before_quit = signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGINT, before)
    signal.signal(signal.SIGQUIT, before_quit)


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs one command line in this process."""
    from gil_demo.cli import run_command_line

    def run(*arguments: str) -> CompletedProcess[str]:
        capsys.readouterr()
        code = run_command_line(arguments)
        shown = capsys.readouterr()
        return CompletedProcess(arguments, code, shown.out, shown.err)

    return run


def in_a_process(folder: Path, *program: str) -> Command:
    """Make what runs Python with these arguments and more, in a process of its own."""

    def run(*arguments: str, **environment: str) -> CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *program, *arguments],
            cwd=folder,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
        )

    return run


@pytest.fixture
def process(tmp_path: Path) -> Command:
    """Runs ``python -m gil_demo`` in a process of its own, in an empty folder."""
    return in_a_process(tmp_path, "-m", "gil_demo")


@pytest.fixture
def python(tmp_path: Path) -> Command:
    """Runs Python statements in a fresh interpreter, in an empty folder."""
    return in_a_process(tmp_path, "-c")


@pytest.fixture
def made() -> RunResult:
    """A run that never took place: two calls held one after the other, released together."""
    return made_run()


@pytest.fixture
def ended() -> Callable[..., tuple[PatternRow, ...]]:
    """Makes rows of halves that never ran: each ended as declared, unless told otherwise."""
    from gil_demo.gallery import registry
    from gil_demo.gallery.question.claims import CLAIMS
    from gil_demo.gallery.subject import Subject

    known: tuple[Subject, ...] = (*registry.load_all(), *CLAIMS)
    subjects = {subject.name: subject for subject in known}

    def rows(
        halves: Halves, otherwise: Mapping[tuple[str, Half], Outcome] | None = None
    ) -> tuple[PatternRow, ...]:
        made = []
        for name, half in halves:
            expected = subjects[name].expected(half)
            outcome = (otherwise or {}).get((name, half), each(expected)[0])
            left: Finding | Death = Finding(outcome, f"{name} {half} was seen", "there was more")
            if outcome in ("crash", "fatal-error"):
                note = f"{name} {half} began"
                left = Death(outcome, "signal", "SIGSEGV", note=note, after_ms=2.0, total=8)
            elif outcome == "unfinished":
                left = Death(outcome, "no-result", error=f"{name} {half} raised an exception")
            made.append(row_of(name, half, expected, left))
        return tuple(made)

    return rows
