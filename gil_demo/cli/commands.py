"""The commands by name. Each is imported when it is asked for, so their list comes at once."""

from importlib import import_module

import click

SUMMARIES = {
    "run": "Call a C kernel from several threads, with the GIL held and released.",
    "tour": "Take the lesson: predict, run, and see what the figures say.",
    "list": "List the patterns: each hazard, and the outcomes of its halves.",
    "show": "Show a pattern's page, its C unsafe beside safe.",
    "try": "Run patterns, each half in a child process, and show the outcomes.",
    "probe": "Tell whether a statement releases the GIL, from every hand-over while it runs.",
    "watch": "Run a program, and tell who had the GIL when, who waited for whom, at which line.",
    "check": "Read C and C++ source and say what is unsafe where the GIL is released.",
    "guard": "Run a program with guarded NumPy data, and report each faulty access.",
    "doctor": "Describe machine, interpreter and build, and what follows for the demonstrations.",
}
"""What each command does: the first sentence of its help, which a test compares."""

PYTHON_NAMES = {"list": "list_", "try": "try_"}
"""The names of commands that Python has another use for."""


class Commands(click.Group):
    """A group that imports a command when somebody asks for it."""

    def list_commands(self, ctx: click.Context | None) -> list[str]:
        """Return the names of all commands."""
        return sorted(SUMMARIES)

    def get_command(self, ctx: click.Context | None, cmd_name: str) -> click.Command | None:
        """Return a command, or None if there is none of that name."""
        if cmd_name not in SUMMARIES:
            return None
        function = PYTHON_NAMES.get(cmd_name, cmd_name)
        module = "try_" if cmd_name == "try" else cmd_name
        command: click.Command = getattr(import_module(f"gil_demo.cli.{module}"), function)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands below the help."""
        names = self.list_commands(ctx)
        limit = formatter.width - 6 - max(map(len, names))
        rows = [
            (name, click.Command(name, help=SUMMARIES[name]).get_short_help_str(limit))
            for name in names
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
