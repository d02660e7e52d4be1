"""The command line: options in, a report out; one file for each command.

Everything heavy is imported when needed.
"""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress

import click

from gil_demo.cli.commands import Commands
from gil_demo.errors import BadInput, ProgramEnded
from gil_demo.exit_codes import BAD_INPUT, DONE
from gil_demo.files import printable

COMPLETION = "_GIL_DEMO_COMPLETE"
"""The variable by which a shell asks, through click, how a command line can go on."""

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def _print_version(ctx: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        click.echo(f"gil-demo {version('gil-demo')}")
        ctx.exit()


@click.group(cls=Commands, context_settings=CONTEXT, invoke_without_command=True)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Print the version and exit.",
)
@click.pass_context
def cli(ctx: click.Context) -> None:
    """May my C code touch a NumPy array while the GIL is released?

    Start with 'gil-demo run', or take the lesson: 'gil-demo tour'.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def run_command_line(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command line and return its exit code.

    Bad input is reported in one line on standard error. KeyboardInterrupt passes
    through.
    """
    output = sys.stdout
    if sys.flags.optimize > 1:
        return complain("Python runs with -OO, which drops the texts of gil-demo: leave it out")
    try:
        code: int | None = cli.main(arguments, "gil-demo", standalone_mode=False)
    except click.Abort:
        raise KeyboardInterrupt from None
    except ProgramEnded:
        raise
    except SystemExit:
        if sys.stdout is not output:  # click replaces what nobody reads any more, and exits
            return DONE
        raise
    except Exception as error:
        problem = _problem(error)
        if problem is None:
            raise
        return complain(problem)
    return code or DONE


def _problem(error: Exception) -> str | None:
    """Say what a person can mend; None for a fault of gil-demo itself."""
    if isinstance(error, click.ClickException):
        return error.format_message()
    if isinstance(error, BadInput | OSError | MemoryError):
        return _told(error)
    if isinstance(error, KeyError | ValueError) and COMPLETION in os.environ:
        return "the shell's question cannot be read: COMP_WORDS or COMP_CWORD is not usable"
    if isinstance(error, ImportError) and not (error.name or "").startswith("gil_demo"):
        return f"a package does not load ({_root(error)}): install gil-demo again"
    return None


def complain(problem: str) -> int:
    """Say in one line what is wrong, if anybody can read it; return the exit code of bad input."""
    with suppress(OSError):
        click.echo(f"gil-demo: {printable(' '.join(problem.split()))}", err=True)
    return BAD_INPUT


def _told(error: Exception) -> str:
    """Say what an error says, without the number that the system has for it."""
    if isinstance(error, OSError) and error.strerror and error.filename is None:
        return str(error.strerror)
    return str(error) or type(error).__name__


def _root(error: BaseException) -> BaseException:
    """Return what an error comes from; NumPy wraps it in a page of advice."""
    return _root(error.__cause__) if error.__cause__ else error
