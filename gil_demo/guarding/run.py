"""Runs a program in a guarded child process, and gathers what became of it."""

import os
import signal
import struct
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from gil_demo.guarding.facts import reports_at
from gil_demo.guarding.handed_down import HandedDown, environment
from gil_demo.guarding.lines import with_lines
from gil_demo.host.launch import Program, refuse_missing
from gil_demo.interrupts import interrupts_later
from gil_demo.native import guard
from gil_demo.native.process import die_with_parent
from gil_demo.results.guard import Counts, GuardResult, Report, Run, Settings

PASSED_ON = (signal.SIGTERM, signal.SIGHUP)
"""Signals that are meant for the program when they reach the process that waits for it."""

FROM_THE_KEYBOARD = (signal.SIGINT, signal.SIGQUIT)
"""Signals that the terminal sends to the program itself, too."""

REPORTS = "report-*.jsonl"
COUNTS = "counts-*"


def words(program: Program) -> tuple[str, ...]:
    """Return a program as the words behind ``python``."""
    flag = {"script": (), "module": ("-m",), "code": ("-c",)}[program.kind]
    return (*flag, program.target, *program.arguments)


def run_guarded(
    program: Program,
    settings: Sequence[Settings],
    *,
    children: bool = True,
    quiet: bool = False,
    tell: Callable[[Report], None] = lambda report: None,
) -> GuardResult:
    """Run a program, once for each of the settings, until one of the runs ends badly.

    Args:
        program: What to run. Python itself runs it, as if nobody had asked for a guard.
        settings: How to guard it, run by run.
        children: Guard the Python processes that it starts, too.
        quiet: Keep standard output clean: the program's goes to standard error, and no
            process prints its report.
        tell: Is called with each report that the dying process could not have printed,
            unless `quiet`.

    Raises:
        BadInput: There is no such script.
    """
    refuse_missing(program)
    runs: list[Run] = []
    for chosen in settings:
        runs.append(_run_once(program, chosen, children, quiet, tell))
        if runs[-1].exit_code or runs[-1].reports:
            break
    return GuardResult((*words(program),), tuple(runs))


def _run_once(
    program: Program,
    settings: Settings,
    children: bool,
    quiet: bool,
    tell: Callable[[Report], None],
) -> Run:
    with interrupts_later(), tempfile.TemporaryDirectory(prefix="gil-demo-guard-") as directory:
        handed = HandedDown(settings, directory, not quiet, children, os.environ.get("PYTHONPATH"))
        status = _wait([sys.executable, *words(program)], environment(handed), quiet)
        reports = tuple(_reports(Path(directory)))
        counts = _counts(Path(directory))
    if not quiet:
        for report in reports:
            if not report.told:
                tell(report)
    died = -status if status < 0 else None
    exit_code = 128 - status if status < 0 else status
    return Run(settings, exit_code, died, counts, reports, guard.knows_frames())


def _wait(command: list[str], variables: dict[str, str], quiet: bool) -> int:
    """Run a command to its end; its exit code, or minus the signal that ended it."""
    signals = _Signals()
    with signals.handled():
        child = subprocess.Popen(
            command,
            env=variables,
            stdout=2 if quiet else None,
            preexec_fn=die_with_parent,  # exec() lets it write core files again
        )
        signals.belong_to(child)
        return child.wait()


class _Signals:
    """The signals that reach this process while it waits for the program they are meant for."""

    def __init__(self) -> None:
        """Begin without a program."""
        self._child: subprocess.Popen[bytes] | None = None
        self._kept: list[int] = []

    @contextmanager
    def handled(self) -> Iterator[None]:
        """Take the signals; afterwards, give what the program did not get to who had them before.

        The program inherits which of them are ignored, as after nohup; it inherits no handler.
        """
        before = {
            number: signal.signal(number, self._handle)
            for number in (*PASSED_ON, *FROM_THE_KEYBOARD)
            if signal.getsignal(number) is not signal.SIG_IGN
        }
        try:
            yield
        finally:
            for number, action in before.items():
                signal.signal(number, action)
            for late in self._kept:
                signal.raise_signal(late)

    def belong_to(self, child: subprocess.Popen[bytes]) -> None:
        """Name the program, which gets what came before it was there."""
        self._child = child
        while self._kept:
            child.send_signal(self._kept.pop(0))

    def _handle(self, number: int, _: FrameType | None) -> None:
        if self._child is None or self._child.returncode is not None:
            self._kept.append(number)
        elif number in PASSED_ON:
            self._child.send_signal(number)


def _reports(directory: Path) -> Iterator[Report]:
    """Yield the reports of all processes of the program, those of one process in order."""
    for path in sorted(directory.glob(REPORTS)):
        yield from (with_lines(report) for report in reports_at(path))


def _counts(directory: Path) -> Counts:
    """Add up what the processes counted; also what one counted that was killed."""
    total: Counter[str] = Counter()
    methods = set()
    names = guard.count_names()
    record = struct.Struct(f"={len(names)}Q")
    paths = list(directory.glob(COUNTS))
    peak = 0
    for path in paths:
        content = path.read_bytes()
        if len(content) == record.size:
            counted = dict(zip(names, record.unpack(content), strict=True))
            methods.add(guard.METHODS[counted["method"]])
            peak = max(peak, counted["peak_alive"])
            total.update(counted)
    return Counts(
        processes=len({path.name.split("-")[1] for path in paths}),
        asked=total["asked"],
        guarded=total["guarded"],
        sampled_out=total["sampled_out"],
        over_waste=total["over_waste"],
        over_live=total["over_live"],
        no_room=total["no_room"],
        peak_alive=peak,
        stacks=total["stacks"],
        stacks_lost=total["stacks_lost"],
        damaged=total["damaged"],
        methods=tuple(sorted(methods)),
    )
