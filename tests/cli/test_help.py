"""Help, the version, and the two names of the program."""

import subprocess
from importlib.metadata import version

import pytest
from command_line import Command, script


def test_help_explains_every_option(command: Command) -> None:
    """-h and --help are one, and name each option with a sentence on it."""
    ended = command("run", "-h")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert command("run", "--help").stdout == ended.stdout
    for option in (
        *("--kernel", "--size", "--input", "--threads", "--rounds", "--quick", "--seed"),
        *("--section", "--json", "--markdown", "--csv", "--svg", "--html", "--theme"),
        *("--trace", "--check"),
    ):
        assert option in ended.stdout
    assert "Usage: gil-demo run" in ended.stdout


def test_without_a_command_there_is_help(command: Command) -> None:
    """Who types only the program's name learns what there is, and where to start."""
    ended = command()
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == command("--help").stdout == command("-h").stdout
    assert "Start with 'gil-demo run'" in ended.stdout


def test_the_version_is_that_of_the_package(command: Command) -> None:
    """One line: the program and its version."""
    assert command("--version").stdout == f"gil-demo {version('gil-demo')}\n"


@pytest.mark.parametrize("arguments", [["run", "--help"], ["rum"]], ids=" ".join)
def test_both_names_are_one_program(arguments: list[str], process: Command) -> None:
    """`gil-demo` and `python -m gil_demo` say the same, and call themselves gil-demo."""
    as_module = process(*arguments)
    as_script = subprocess.run(
        [script(), *arguments], capture_output=True, text=True, check=False, timeout=120
    )
    assert (as_script.stdout, as_script.stderr) == (as_module.stdout, as_module.stderr)
    assert as_script.returncode == as_module.returncode
    assert "gil-demo" in as_module.stdout + as_module.stderr
