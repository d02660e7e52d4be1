"""The process that forks a child for every run: warm, single-threaded, and gone with its parent.

It reads one request a line from standard input and writes one answer a line to standard
output. Everything a pattern needs is loaded once, so a child costs a fork rather than an
import of NumPy. When standard input ends, or the parent dies, so does everything here.
"""

import contextlib
import faulthandler
import json
import os
import re
import resource
import select
import signal
import sys
import tempfile
import time
from typing import IO, Any

from gil_demo.gallery import registry
from gil_demo.lab.lab import Lab
from gil_demo.lab.memory import Memory, Record
from gil_demo.native.process import die_with_parent
from gil_demo.words import Half, Outcome

TIME_LIMIT_SECONDS = 30.0
"""After this a run is given up; it says nothing about the pattern."""

HOPELESS_SECONDS = 0.25
"""How long to watch threads that by construction cannot go on."""

POLL_SECONDS = 0.002

SIGNAL_NAMES = "Segmentation fault|Bus error|Aborted"
"""What faulthandler calls the signals; any other fatal error has a cause of its own to tell."""

SIGNAL_OUTCOMES: dict[int, Outcome] = {
    signal.SIGSEGV: "crash",
    signal.SIGBUS: "crash",
    signal.SIGABRT: "fatal-error",
}


def serve() -> None:
    """Answer requests until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    registry.load_all()
    with contextlib.suppress(BrokenPipeError):  # whoever asked is gone
        print(json.dumps({"ready": True}), flush=True)
        for line in sys.stdin:
            request = json.loads(line)
            print(json.dumps(run(**request)), flush=True)


def run(name: str, half: Half) -> dict[str, Any]:
    """Run one half in a child of its own; its outcome, evidence and length in seconds."""
    memory = Memory()
    began = time.monotonic()
    with tempfile.TemporaryFile() as errors:
        child = os.fork()
        if child == 0:
            _be_the_child(name, half, memory, errors)
        with contextlib.suppress(PermissionError, ProcessLookupError):
            os.setpgid(child, child)  # here and in the child: whoever comes first
        status, hung = _wait(child, memory)
        ended = time.monotonic()
        errors.seek(0)
        text = errors.read().decode(errors="replace")
    outcome, evidence = _judge(status, hung, memory.read(), text, ended)
    return {"outcome": outcome, "evidence": evidence, "seconds": ended - began}


def _be_the_child(name: str, half: Half, memory: Memory, errors: IO[bytes]) -> None:
    """Run the half and leave without the interpreter's farewells. Never returns."""
    os.setpgid(0, 0)
    die_with_parent()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor, target in ((null, 0), (null, 1), (errors.fileno(), 2)):
        os.dup2(descriptor, target)
    faulthandler.enable(file=2, all_threads=True)
    faulthandler.register(signal.SIGUSR1, file=2, all_threads=True)
    code = 0
    try:
        lab = Lab(memory)
        (subject,) = registry.subjects(name)
        lab.conclude(subject.run(half, lab))
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    finally:
        sys.stderr.flush()
        os._exit(code)


def _wait(child: int, memory: Memory) -> tuple[int, bool]:
    """The child's wait status, and whether it was killed because it could not go on."""
    limit = time.monotonic() + TIME_LIMIT_SECONDS
    hung = hopeless = False
    try:
        while True:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                return status, hung
            if not hopeless and memory.read().hopeless:
                hopeless = True
                limit = time.monotonic() + HOPELESS_SECONDS
            if not hung and time.monotonic() > limit:
                hung = True
                os.kill(child, signal.SIGUSR1)  # faulthandler tells where each thread stands
                time.sleep(POLL_SECONDS * 5)
                _kill_group(child)
            if _input_ended():
                _kill_group(child)
                os._exit(0)
            time.sleep(POLL_SECONDS)
    finally:
        _kill_group(child)


def _kill_group(child: int) -> None:
    """End the child and whatever it started; what is gone already is gone."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)


def _input_ended() -> bool:
    """Whether the parent is gone: it writes nothing while it waits for an answer."""
    readable, _, _ = select.select([sys.stdin], [], [], 0)
    return bool(readable)


def _judge(
    status: int, hung: bool, record: Record, errors: str, ended: float
) -> tuple[Outcome, str]:
    if hung:
        if record.hopeless:
            return "deadlock", f"{record.notes[-1].text}; {_stacks(errors)}"
        return "unfinished", f"stopped after {TIME_LIMIT_SECONDS:.0f} s"
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        outcome = SIGNAL_OUTCOMES.get(number)
        if outcome is None:
            return "unfinished", f"killed by {signal.Signals(number).name}"
        return outcome, _death(number, record, errors, ended)
    if record.finding is None:
        return "unfinished", errors.strip().splitlines()[-1] if errors.strip() else "no result"
    return record.finding.outcome, record.finding.evidence


def _death(number: int, record: Record, errors: str, ended: float) -> str:
    """What killed the child, when, and how far the kernel had got."""
    cause = signal.Signals(number).name
    fatal = re.search(rf"^Fatal Python error: (?!{SIGNAL_NAMES}).*", errors, flags=re.MULTILINE)
    if fatal:
        cause += f" ({fatal.group()})"
    if record.notes:
        last = record.notes[-1]
        cause += f" {(ended - last.seconds) * 1e3:.0f} ms after {last.text}"
    if record.total:
        cause += f"; the kernel had got through {record.done:,} of {record.total:,} elements"
    return cause


def _stacks(errors: str) -> str:
    """Where each thread stood, by the innermost line of each that is a pattern's or the lab's."""
    places = re.findall(
        r"hread 0x\w+.*most recent call first\):\n  File \".*?(\w+\.py)\", line (\d+) in (\w+)",
        errors,
    )
    stood = " and ".join(
        "in the C that it was started with"  # no line of Python lies between
        if file == "lab.py"
        else f"at {file}:{line} in {function}"
        for file, line, function in places
    )
    return f"the threads stood: {stood}" if stood else "no stacks to be had"


if __name__ == "__main__":
    serve()
