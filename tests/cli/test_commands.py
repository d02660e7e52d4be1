"""The list of commands is there before any of them is imported, and says the same as they do."""

import subprocess
import sys

import click
import pytest

from gil_demo.cli import cli
from gil_demo.cli.commands import SUMMARIES

PARENT = click.Context(cli)


@pytest.mark.parametrize("name", SUMMARIES)
def test_a_summary_is_what_the_command_says_itself(name: str) -> None:
    command = cli.get_command(PARENT, name)
    assert command is not None
    assert command.name == name
    assert command.get_short_help_str(1000) == SUMMARIES[name]


def test_the_help_of_all_imports_no_command() -> None:
    """It comes at once, whatever the commands need."""
    code = (
        "import sys; from gil_demo.cli import cli; cli.main(['--help'], standalone_mode=False);"
        "print(*(name for name in sys.modules if name.startswith('gil_demo')), file=sys.stderr)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert all(name in told.stdout for name in SUMMARIES)
    assert not {f"gil_demo.cli.{name}" for name in SUMMARIES} & set(told.stderr.split())
