"""Where reports are drawn: the terminal, or a pipe."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, RenderableType
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as ProgressBar

from gil_demo.interrupts import interrupts_caught
from gil_demo.progress import Progress

MAX_COLUMNS = 1000
"""No line is wider: nobody has such a terminal."""


class Screen(Console):
    """Standard output, on which everything after a closed pipe is dropped in silence."""

    def on_broken_pipe(self) -> None:
        """Go on without output when nobody reads it any more; rich would end the program."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def raw(self, text: str) -> None:
        """Print JSON, code or Markdown, neither wrapped nor coloured."""
        self.out(text, end="", highlight=False)

    def text(self, renderable: RenderableType, width: int) -> str:
        """Draw it at that width without colour, in characters that can be printed."""
        segments = self.render(renderable, self.options.update(width=width))
        return "".join(segment.text for segment in segments)


def screen() -> Screen:
    """Return standard output. What it cannot encode becomes a question mark, never an error."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="ascii" if _locale_is_ascii() else None, errors="replace")
    # rich takes a dumb terminal for one of 80 columns, and COLUMNS at its word
    dumb = sys.stdout.isatty() and os.environ.get("TERM") in {"dumb", "unknown"}
    ask = dumb or "COLUMNS" in os.environ
    width, height = shutil.get_terminal_size() if ask else (None, None)
    return Screen(
        width=width and min(width, MAX_COLUMNS),
        height=height,
        highlight=False,
        markup=False,
        emoji=False,
    )


def error_screen() -> Console | None:
    """Return standard error as the process was given it, or None if it is closed."""
    stream = sys.__stderr__
    if stream is None or stream.closed:
        return None
    return Console(file=stream, highlight=False, markup=False, emoji=False)


def _locale_is_ascii() -> bool:
    """Check whether the user asked for plain ASCII, which Python's UTF-8 mode would overrule.

    https://peps.python.org/pep-0540/
    """
    asked = os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return asked in {"C", "POSIX"} and "PYTHONIOENCODING" not in os.environ


@contextmanager
def progress_line(label: str) -> Iterator[Progress]:
    """Show a progress line on standard error while the block runs, if that is a terminal.

    The block gets what to call with the steps done and the steps in all. The line
    is drawn in that call and at no other time: rich would otherwise redraw from a
    thread of its own, which would want the GIL in the middle of a measurement.
    """
    console = Console(stderr=True)
    line = ProgressBar(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:.0f}%"),
        console=console,
        auto_refresh=False,
        transient=True,
        disable=not sys.stderr.isatty() or console.is_dumb_terminal,
    )
    with interrupts_caught() as check, line:
        if not line.disable:
            console.show_cursor()  # a person who suspends the program needs it
        task = line.add_task(label)

        def progress(done: int, steps: int) -> None:
            check()
            line.update(task, completed=done, total=steps, refresh=True)

        yield progress
