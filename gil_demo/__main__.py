"""``python -m gil_demo`` and ``gil-demo``: run the command, turn its end into an exit code."""

import io
import os
import signal
import sys
from contextlib import suppress
from typing import TextIO

from gil_demo.exit_codes import BAD_INPUT, INTERNAL_ERROR, INTERRUPTED
from gil_demo.interrupts import exit_at_once
from gil_demo.limits import ONE_THREAD_EACH

OWN_COMMANDS = {"run", "tour", "try", "list", "show", "doctor"}
"""Commands that run no program of a person's, which would inherit what is set for NumPy."""


def main() -> None:
    """Run the command line and exit with its code; only a fault of gil-demo shows a traceback."""
    _open_standard_streams()
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the process that started this
            setattr(sys, name, io.TextIOWrapper(io.BytesIO(), encoding="utf-8"))
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, exit_at_once)
    if sys.argv[1:2] and sys.argv[1] in OWN_COMMANDS:
        for name, value in ONE_THREAD_EACH.items():
            os.environ.setdefault(name, value)
    try:
        from gil_demo.cli import run_command_line

        code = run_command_line()
    except Exception:
        import traceback

        with suppress(OSError):
            traceback.print_exc()
        code = INTERNAL_ERROR
    except KeyboardInterrupt:
        code = INTERRUPTED
    sys.exit(_flushed(code))


def _open_standard_streams() -> None:
    """Fill descriptors 0 to 2 where they are closed: a pipe that got one would not reach a child.

    https://docs.python.org/3/library/subprocess.html#subprocess.Popen
    """
    with suppress(OSError):  # no /dev/null: code that needs it says so
        while (opened := os.open(os.devnull, os.O_RDWR)) <= 2:
            os.set_inheritable(opened, True)
        os.close(opened)


def _flushed(code: int) -> int:
    """Return the exit code once all output is written, or cannot be written."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _drop_what_follows(sys.stdout)
    except OSError as error:
        if code != BAD_INPUT:
            with suppress(OSError):
                print(f"gil-demo: cannot write the output: {error.strerror}", file=sys.stderr)
        _drop_what_follows(sys.stdout)
        code = BAD_INPUT
    try:
        sys.stderr.flush()
    except OSError:
        _drop_what_follows(sys.stderr)
    return code


def _drop_what_follows(stream: TextIO) -> None:
    """Keep the interpreter's own flush at exit from meeting the same error."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


if __name__ == "__main__":
    main()
