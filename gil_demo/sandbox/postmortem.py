"""Says how a child process ended, by its wait status, its standard error and what it left.

The traceback module of a child that dies is `faulthandler`; its output is read here and
nowhere else. Nothing here needs the C of the patterns.
"""

import os
import re
import signal
from collections.abc import Iterator, Mapping

from gil_demo.lab.memory import Remains
from gil_demo.results.patterns import Death, Finding, Frame
from gil_demo.words import Cause, Outcome

SIGNAL_OUTCOMES: Mapping[int, Outcome] = {
    signal.SIGSEGV: "crash",
    signal.SIGBUS: "crash",
    signal.SIGABRT: "fatal-error",
}
"""The outcomes of the signals that a half can bring about; any other came from outside."""

FATAL = "Fatal Python error: "

SIGNALS = "Aborted|Bus error|Floating point exception|Illegal instruction|Segmentation fault"
"""What `faulthandler` writes after FATAL for a signal. Other texts are the interpreter's."""

STACK = re.compile(
    r"^(?:Current thread|Thread) 0x\w+.*\(most recent call first\):\n((?:  .*\n?)*)", re.MULTILINE
)

FRAME = re.compile(r'^  File "(.*)", line (\d+) in (.*)$', re.MULTILINE)


def judge(
    status: int, stopped: Cause | None, remains: Remains, errors: str, ended: float
) -> Finding | Death:
    """Return what a child found, or what it died of.

    Args:
        status: The child's wait status, as `os.waitpid` gives it.
        stopped: Why it was killed from here, None where it was not.
        remains: What it left in the shared memory.
        errors: What it wrote to its standard error.
        ended: When it ended, by `time.monotonic`.
    """
    number = os.WTERMSIG(status) if os.WIFSIGNALED(status) and stopped is None else None
    if stopped is None and number is None and remains.finding is not None:
        return remains.finding
    if stopped is not None:
        outcome: Outcome = "deadlock" if stopped == "deadlock" else "unfinished"
    else:
        outcome = SIGNAL_OUTCOMES.get(number or 0, "unfinished")
    last = remains.last_note
    return Death(
        outcome,
        stopped or ("no-result" if number is None else "signal"),
        signal=None if number is None else signal_name(number),
        fatal_error=fatal_error(errors),
        error=_last_line(errors) if number is None and stopped is None else None,
        note=last.text if last else None,
        after_ms=(ended - last.seconds) * 1e3 if last else None,
        done=remains.done,
        total=remains.total,
        stacks=tuple(stacks(errors)),
    )


def signal_name(number: int) -> str:
    """Return the name of a signal, or its number in words where Python knows no name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def fatal_error(errors: str) -> str | None:
    """Return the error with which the interpreter gave up, None where it gave up with none."""
    found = re.search(rf"^{FATAL}(?!(?:{SIGNALS})$)(.*)$", errors, flags=re.MULTILINE)
    return found[1] if found else None


def stacks(errors: str) -> Iterator[tuple[Frame, ...]]:
    """Yield the frames of each thread, the innermost first, as `faulthandler` wrote them."""
    for stack in STACK.finditer(errors):
        yield tuple(
            Frame(file, int(line), function) for file, line, function in FRAME.findall(stack[1])
        )


def _last_line(errors: str) -> str | None:
    """Return the last line that is not blank: of a traceback, the exception."""
    lines = errors.strip().splitlines()
    return lines[-1] if lines else None
