"""``python -m gil_demo`` and ``gil-demo``: run the command, turn its end into an exit code."""

import os
import signal
import sys

from gil_demo.constants import BAD_INPUT, INTERRUPTED


def main() -> None:
    """Run the command line and leave with its exit code; no failure shows a traceback."""
    try:
        from gil_demo.cli import run_command_line

        code = run_command_line()
        sys.stdout.flush()
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        code = INTERRUPTED
    except OSError as error:
        print(f"gil-demo: cannot write the output: {error.strerror or error}", file=sys.stderr)
        code = BAD_INPUT
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


if __name__ == "__main__":
    main()
