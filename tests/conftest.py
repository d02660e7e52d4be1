"""What the tests share: plain surroundings, the command line, and a run made by hand."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from gil_demo.results.host import Environment
from gil_demo.results.numbers import Range, Spread
from gil_demo.results.patterns import Death, Finding, PatternRow
from gil_demo.results.run import (
    Panel,
    ResponsivenessRow,
    RunResult,
    ScalingRow,
    Settings,
    Span,
    Stretch,
    Verdict,
)
from gil_demo.words import Expected, Half, Mode, Outcome, each

Command = Callable[..., CompletedProcess[str]]

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


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C works here and in child processes, even if the tests run in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


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


def at(milliseconds: float) -> int:
    """A moment on a made-up clock, in nanoseconds."""
    return 5_000_000_000 + round(milliseconds * 1e6)


def span(gil: Mode, thread: int, enter: float, leave: float) -> Span:
    """A call between two moments in milliseconds."""
    return Span(gil, thread, at(enter), at(leave))


def scaling_row(
    gil: Mode,
    threads: int,
    wall: tuple[float, float, float],
    speedup: tuple[float, float, float],
    peak: tuple[int, int],
    mean: float,
) -> ScalingRow:
    """A row whose calls took 30 ms of processor time each."""
    return ScalingRow(
        gil, threads, Spread(*wall), Spread(*speedup), Range(*peak), mean, 0.03 * threads
    )


WAITED = Death("deadlock", "deadlock", note="waited")


def row_of(name: str, half: Half, expected: Expected, left: Finding | Death) -> PatternRow:
    """The row of one run that never took place."""
    from gil_demo.sandbox.evidence import evidence

    return PatternRow(
        name,
        half,
        runs=1,
        expected=expected,
        as_expected=int(left.outcome in each(expected)),
        outcomes={left.outcome: 1},
        evidence=evidence(left),
        seconds=Spread(0.01, 0.01, 0.01),
        finding=left if isinstance(left, Finding) else None,
        death=left if isinstance(left, Death) else None,
    )


@pytest.fixture
def made() -> RunResult:
    """A run that never took place: two calls held one after the other, released together."""
    return RunResult(
        environment=Environment(
            python="3.13.0",
            implementation="CPython",
            free_threaded=False,
            gil_enabled=True,
            cores=2,
            numpy="2.3.0",
            platform="Linux-6.1",
            machine_busy=0.03,
        ),
        settings=Settings(
            kernel="sum",
            elements=1_000_000,
            elements_per_call=1_000_000,
            passes=30,
            threads=(1, 2),
            rounds=3,
            seed=0,
            input=None,
        ),
        results_agree=True,
        notes=("Each call: 30 passes over 1,000,000 elements.",),
        picture=(
            Panel(
                "held",
                (span("held", 1, 0, 30), span("held", 2, 30.1, 60)),
                (Stretch(at(-10), at(-0.2), 40), Stretch(at(60.2), at(70), 40)),
                peak_inside=1,
            ),
            Panel(
                "released",
                (span("released", 1, 0, 31), span("released", 2, 1, 32)),
                (Stretch(at(-10), at(42), 200),),
                peak_inside=2,
            ),
        ),
        spans=(
            span("held", 1, 0, 30),
            span("held", 2, 30.1, 60),
            span("released", 1, 0, 31),
            span("released", 2, 1, 32),
        ),
        scaling=(
            scaling_row("held", 1, (0.03, 0.029, 0.032), (1.0, 1.0, 1.0), (1, 1), 1.0),
            scaling_row("held", 2, (0.06, 0.059, 0.063), (0.99, 0.97, 1.01), (1, 1), 1.0),
            scaling_row("released", 1, (0.03, 0.029, 0.031), (1.0, 1.0, 1.0), (1, 1), 1.0),
            scaling_row("released", 2, (0.0305, 0.03, 0.0401), (1.94, 1.5, 1.99), (2, 2), 1.97),
            scaling_row("native", 1, (0.03, 0.029, 0.031), (1.0, 1.0, 1.0), (1, 1), 1.0),
            scaling_row("native", 2, (0.0304, 0.03, 0.0331), (1.96, 1.8, 2.0), (1, 2), 1.98),
        ),
        responsiveness=(
            ResponsivenessRow("alone", 4_200_000.0, 1.0, 0.0001, 0.03, None),
            ResponsivenessRow("held", 0.0, 0.0, 0.0305, 0.0301, 0),
            ResponsivenessRow("released", 3_990_000.0, 0.95, 0.0005, 0.0302, 102_640),
        ),
        patterns=(
            row_of("lock-order", "unsafe", "deadlock", WAITED),
            row_of("lock-order", "safe", "ok", Finding("ok", "took turns")),
        ),
        verdict=Verdict("shown", ("With the GIL held, none.", "Released, all.")),
    )


@pytest.fixture
def ended() -> Callable[..., tuple[PatternRow, ...]]:
    """Makes rows of halves that never ran: each ended as declared, unless told otherwise."""
    from gil_demo.gallery import registry
    from gil_demo.gallery.question.claims import CLAIMS

    subjects = {subject.name: subject for subject in (*registry.load_all(), *CLAIMS)}

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
