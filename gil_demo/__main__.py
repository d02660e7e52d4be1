"""``python -m gil_demo`` and ``gil-demo``: run the command, turn its end into an exit code."""

import io
import os
import signal
import sys
import traceback

from gil_demo.exit_codes import BAD_INPUT, INTERNAL_ERROR, INTERRUPTED


def main() -> None:
    """Run the command line and exit with its code; only a fault of gil-demo shows a traceback."""
    _open_standard_streams()
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the process that started this
            setattr(sys, name, io.StringIO())
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # While modules load there is nothing to tidy up, and some swallow the exception.
        signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
    try:
        from gil_demo.cli import run_command_line

        code = run_command_line()
    except Exception:
        traceback.print_exc()
        code = INTERNAL_ERROR
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        code = INTERRUPTED
    sys.exit(_flushed(code))


def _open_standard_streams() -> None:
    """Fill descriptors 0 to 2 where they are closed: a pipe that got one would not reach a child.

    https://docs.python.org/3/library/subprocess.html#subprocess.Popen
    """
    while (opened := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(opened, True)
    os.close(opened)


def _flushed(code: int) -> int:
    """Return the exit code once all output is written, or cannot be written."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _let_the_rest_go_nowhere()
    except OSError as error:
        if code != BAD_INPUT:
            print(f"gil-demo: cannot write the output: {error.strerror}", file=sys.stderr)
        _let_the_rest_go_nowhere()
        return BAD_INPUT
    return code


def _let_the_rest_go_nowhere() -> None:
    """Keep the interpreter's own flush at exit from meeting the same error."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
