"""What a child left behind says how it ended: statuses and texts made by hand, and a real one."""

import faulthandler
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gil_demo.lab.memory import Note, Remains
from gil_demo.results.patterns import Death, Finding, Frame
from gil_demo.sandbox import postmortem
from gil_demo.words import Outcome

FOUND = Finding("ok", "sum", found=3, expected=3)

SEGMENTATION_FAULT = """\
Fatal Python error: Segmentation fault

Thread 0x00007f1c2d1fe6c0 [reader] (most recent call first):
  File "/tree/gil_demo/lab/thread.py", line 25 in _run
  File "/usr/lib/python3.13/threading.py", line 994 in run

Current thread 0x00007f1c2e5b3740 (most recent call first):
  File "/tree/gil_demo/patterns/lock_order.py", line 54 in unsafe
  File "<frozen runpy>", line 88 in _run_code

Thread 0x00007f1c2c9fd6c0 (most recent call first):
  <no Python frame>

Extension modules: numpy._core._multiarray_umath, _cffi_backend (total: 2)
"""

FATAL_ERROR = """\
Fatal Python error: PyEval_SaveThread: the function must be called with the GIL held
Python runtime state: initialized

Current thread 0x00007f1c2e5b3740 (most recent call first):
  File "/tree/a.py", line 7 in <module>
"""

TRACEBACK = """\
Traceback (most recent call last):
  File "/tree/a.py", line 7, in unsafe
    raise ArithmeticError("additions: expected 2, found 1")
ArithmeticError: additions: expected 2, found 1

"""


def killed_by(number: int) -> int:
    """The wait status of a child that a signal killed."""
    return number


def exited_with(code: int) -> int:
    """The wait status of a child that exited."""
    return code << 8


def test_a_child_that_left_a_finding_is_judged_by_it() -> None:
    """Nothing else is looked at."""
    remains = Remains(finding=FOUND, notes=(Note(1.0, "it began"),))
    assert postmortem.judge(exited_with(0), None, remains, "", 2.0) == FOUND


@pytest.mark.parametrize(
    ("number", "outcome"),
    [
        (signal.SIGSEGV, "crash"),
        (signal.SIGBUS, "crash"),
        (signal.SIGABRT, "fatal-error"),
        (signal.SIGKILL, "unfinished"),
        (signal.SIGTERM, "unfinished"),
    ],
)
def test_a_signal_decides_the_outcome(number: signal.Signals, outcome: Outcome) -> None:
    """Also where a finding had been left before; a signal from outside says nothing."""
    died = postmortem.judge(killed_by(number), None, Remains(finding=FOUND), "", 2.0)
    assert isinstance(died, Death)
    assert (died.outcome, died.cause, died.signal) == (outcome, "signal", number.name)


def test_a_death_has_all_that_is_known_of_it() -> None:
    """How far the kernel had got, what was done last and when, and where each thread stood."""
    remains = Remains(4096, 8192, (Note(1.0, "C began"), Note(1.99, "the list was cleared")))
    died = postmortem.judge(killed_by(11), None, remains, SEGMENTATION_FAULT, 2.0)
    assert isinstance(died, Death)
    assert (died.done, died.total, died.note) == (4096, 8192, "the list was cleared")
    assert died.after_ms == pytest.approx(10)
    assert died.fatal_error is None
    assert [stack[0] if stack else None for stack in died.stacks] == [
        Frame("/tree/gil_demo/lab/thread.py", 25, "_run"),
        Frame("/tree/gil_demo/patterns/lock_order.py", 54, "unsafe"),
        None,
    ]
    assert [len(stack) for stack in died.stacks] == [2, 2, 0]


def test_threads_that_cannot_go_on_are_a_deadlock() -> None:
    """The signal that ended them came from here, and is no cause."""
    remains = Remains(notes=(Note(1.0, "each waited for the other", expects_deadlock=True),))
    died = postmortem.judge(killed_by(9), "deadlock", remains, SEGMENTATION_FAULT, 2.0)
    assert isinstance(died, Death)
    assert (died.outcome, died.cause, died.signal, died.error) == (
        "deadlock",
        "deadlock",
        None,
        None,
    )


def test_a_child_that_was_too_slow_says_nothing() -> None:
    """Even if it ended by itself while it was being stopped."""
    died = postmortem.judge(exited_with(0), "time-limit", Remains(finding=FOUND), "", 40.0)
    assert isinstance(died, Death)
    assert (died.outcome, died.cause) == ("unfinished", "time-limit")


@pytest.mark.parametrize(
    ("errors", "error"),
    [(TRACEBACK, "ArithmeticError: additions: expected 2, found 1"), ("\n", None)],
)
def test_a_child_without_a_finding_says_what_it_raised(errors: str, error: str | None) -> None:
    """Its exception is the last line that it wrote."""
    died = postmortem.judge(exited_with(1), None, Remains(), errors, 2.0)
    assert died == Death("unfinished", "no-result", error=error)


def test_a_fatal_error_is_told_from_the_name_of_a_signal() -> None:
    """Faulthandler writes both after the same words."""
    wanted = "PyEval_SaveThread: the function must be called with the GIL held"
    assert postmortem.fatal_error(FATAL_ERROR) == wanted
    assert postmortem.fatal_error(SEGMENTATION_FAULT) is None
    both = FATAL_ERROR + SEGMENTATION_FAULT.replace("Segmentation fault", "Aborted")
    assert postmortem.fatal_error(both) == wanted
    assert postmortem.fatal_error("") is None


def test_a_signal_without_a_name_has_its_number() -> None:
    """As real-time signals have none in Python."""
    assert postmortem.signal_name(11) == "SIGSEGV"
    assert postmortem.signal_name(48) == "signal 48"


CHILD = """
import faulthandler, os, resource, signal, threading
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
faulthandler.enable(all_threads=True)
ready, never = threading.Event(), threading.Event()

def wait():
    ready.set()
    never.wait()

threading.Thread(target=wait, daemon=True).start()
ready.wait()
os.kill(os.getpid(), signal.SIGABRT)
"""


def test_the_stacks_of_a_real_child_are_read(tmp_path: Path) -> None:
    """Whatever this interpreter's faulthandler writes, each thread's functions are found."""
    assert faulthandler
    script = tmp_path / "child.py"
    script.write_text(CHILD)
    ended = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert os.waitstatus_to_exitcode(killed_by(signal.SIGABRT)) == ended.returncode
    functions = [
        [frame.function for frame in stack if frame.file == str(script)]
        for stack in postmortem.stacks(ended.stderr)
    ]
    assert sorted(functions) == [["<module>"], ["wait"]]
    assert postmortem.fatal_error(ended.stderr) is None


def test_a_postmortem_needs_no_c() -> None:
    """Other programs than patterns have post-mortems."""
    ended = subprocess.run(
        [sys.executable, "-c", "import sys, gil_demo.sandbox.postmortem; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert {"numpy", "gil_demo._patterns", "gil_demo._held"} & set(ended.stdout.split()) == set()
