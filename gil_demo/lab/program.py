"""A program of a half: a fresh interpreter, for halves about how one ends."""

import signal
import subprocess
from collections.abc import Collection
from dataclasses import dataclass

from gil_demo.host.interpreter import python_command

TIME_LIMIT_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended, below 0 if by a signal, and what it had printed."""

    status: int
    printed: str

    @property
    def how(self) -> str:
        """In words, to follow 'the program'."""
        if self.status < 0:
            return f"ended with {signal.Signals(-self.status).name}"
        return f"ended with status {self.status}"


def run_to_its_end(
    program: str,
    *arguments: str,
    pass_fds: Collection[int] = (),
    killed_by: Collection[signal.Signals] = (),
) -> Ended:
    """Run a program, and wait until it has ended.

    Args:
        program: Statements, which find `arguments` in ``sys.argv[1:]``.
        arguments: What to give to the program.
        pass_fds: Descriptors that it has, too.
        killed_by: Signals that may kill it.

    Raises:
        ChildProcessError: It ended otherwise than with status 0 or by `killed_by`, or not in time;
            the message says how, and its last words.
    """
    try:
        done = subprocess.run(
            python_command(program, *arguments),
            capture_output=True,
            text=True,
            errors="replace",
            pass_fds=pass_fds,
            timeout=TIME_LIMIT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        message = f"the program did not end within {TIME_LIMIT_SECONDS:g} s"
        raise ChildProcessError(message) from None
    ended = Ended(done.returncode, done.stdout)
    if ended.status != 0 and -ended.status not in killed_by:
        last_words = done.stderr.strip().rpartition("\n")[2]
        raise ChildProcessError(": ".join(filter(None, (f"the program {ended.how}", last_words))))
    return ended
