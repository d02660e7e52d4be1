"""A program of a half ends as it should, or its failure is told in one line."""

import signal

import pytest

from gil_demo.lab import program
from gil_demo.lab.program import Ended, run_to_its_end

DIES = "import os, sys; print(sys.argv[1], flush=True); os.kill(os.getpid(), int(sys.argv[2]))"


def test_a_program_ends_and_has_printed() -> None:
    """Its arguments reach it."""
    ended = run_to_its_end("import sys; print(sys.argv[1:])", "safe", "3")
    assert ended == Ended(0, "['safe', '3']\n")
    assert ended.how == "ended with status 0"


def test_a_signal_that_may_kill_it_is_its_ending() -> None:
    """By its name; what it printed before is kept."""
    ended = run_to_its_end(DIES, "here", str(int(signal.SIGBUS)), killed_by=[signal.SIGBUS])
    assert ended == Ended(-signal.SIGBUS, "here\n")
    assert ended.how == "ended with SIGBUS"


@pytest.mark.parametrize(
    ("statements", "arguments", "told"),
    [
        (
            "import nowhere",
            (),
            "ended with status 1: ModuleNotFoundError: No module named 'nowhere'",
        ),
        ("raise SystemExit(3)", (), "ended with status 3"),
        (DIES, ("here", str(int(signal.SIGKILL))), "ended with SIGKILL"),
    ],
)
def test_any_other_ending_is_a_failure_with_its_last_words(
    statements: str, arguments: tuple[str, ...], told: str
) -> None:
    """And without its command line, which is long."""
    with pytest.raises(ChildProcessError) as failed:
        run_to_its_end(statements, *arguments, killed_by=[signal.SIGBUS])
    assert str(failed.value) == f"the program {told}"


def test_a_program_that_does_not_end_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is ended, and the limit told."""
    monkeypatch.setattr(program, "TIME_LIMIT_SECONDS", 0.5)
    with pytest.raises(ChildProcessError, match=r"^the program did not end within 0\.5 s$"):
        run_to_its_end("import time; time.sleep(1000)")
