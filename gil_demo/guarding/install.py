"""Installs the guard in this process: for the whole program, or for a block of it."""

import atexit
import sys

from gil_demo.guarding.errors import standard_error
from gil_demo.guarding.handed_down import HandedDown
from gil_demo.native import guard
from gil_demo.results.guard import Settings

TELLER = "gil_demo.report.guard_teller"
"""The module that prints a report, in a process of its own: the one that died cannot."""


def teller() -> tuple[str, ...]:
    """Return the command that prints a report; empty where there is no interpreter to run it."""
    return (sys.executable, "-P", "-m", TELLER) if sys.executable else ()


def in_program(handed: HandedDown, errors: int) -> None:
    """Guard all arrays of this process up to its end, and look at the canaries then.

    `errors` is the descriptor for reports.
    A process that cannot be guarded runs unguarded and says so; its program is not at fault.
    """
    try:
        guard.install(handed.settings)
        guard.report_into(handed.directory, teller() if handed.tells else (), errors)
    except guard.GuardUnavailable as error:
        print(f"gil-demo guard: {error}", file=sys.stderr)
        return
    atexit.register(guard.check)
    guard.switch_on(True)


def for_blocks(settings: Settings) -> None:
    """Install the guard, switched off, unless it is there already.

    Raises:
        GuardUnavailable: It cannot be installed.
    """
    if not guard.is_installed():
        guard.install(settings)
        guard.report_into("", teller(), standard_error())
