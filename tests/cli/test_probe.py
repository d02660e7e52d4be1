"""`gil-demo probe` answers in its first lines, and in its exit code."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from jsonschema import Draft202012Validator

from gil_demo.report.document import schema

pytestmark = pytest.mark.usefixtures("watchable")

Command = Callable[..., CompletedProcess[str]]

HOLDS = ["-s", "from gil_demo import hold_gil", "hold_gil(0.002)"]
RELEASES = ["-s", "from gil_demo import release_gil", "release_gil(0.02)"]


def test_the_answer_comes_first(command: Command) -> None:
    """The statement, the answer, the figures, one call in time."""
    ended = command("probe", *RELEASES, "-n", "5")
    lines = ended.stdout.splitlines()
    assert lines[0] == "release_gil(0.02)"
    assert lines[1].startswith("releases the GIL (held for ")
    assert "dropped it    5 times, 1 a call" in ended.stdout
    assert ended.returncode == 0


@pytest.mark.parametrize(
    ("statement", "expected", "code"),
    [
        (RELEASES, "releases", 0),
        (RELEASES, "holds", 1),
        (HOLDS, "holds", 0),
        (HOLDS, "releases", 1),
    ],
)
def test_expect_is_answered_by_the_exit_code(
    statement: list[str], expected: str, code: int, command: Command
) -> None:
    """For a shell, or a CI job."""
    assert command("probe", *statement, "-n", "5", "--expect", expected).returncode == code


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["1 / 0"], "no answer: it raised ZeroDivisionError: division by zero"),
        (["raise SystemExit"], "no answer: it exited (None)"),
        (["-s", "import nowhere", "1"], "no answer: its setup raised ModuleNotFoundError"),
    ],
)
def test_no_answer_says_why(arguments: list[str], reason: str, command: Command) -> None:
    """In the place of the answer, with the exit code for inconclusive."""
    ended = command("probe", *arguments)
    assert ended.stdout.splitlines()[1].startswith(reason)
    assert ended.returncode == 3


def test_json_is_all_there_is_on_standard_output(command: Command) -> None:
    """Even if the statement prints; the document keeps its schema."""
    ended = command("probe", "print('loud')", "-n", "2", "--json")
    document = json.loads(ended.stdout)
    Draft202012Validator(schema("probe")).validate(document)
    assert document["statement"] == "print('loud')"
    assert document["calls"] == 2
    assert "loud" in ended.stderr


def test_markdown_is_a_block_of_text(command: Command) -> None:
    """For an issue."""
    ended = command("probe", *HOLDS, "-n", "3", "--markdown")
    assert ended.stdout.startswith("```text\nhold_gil(0.002)\nholds the GIL (held for 100% of")


def test_a_file_of_ones_own_gives_the_same_table(command: Command, tmp_path: Path) -> None:
    """A row a statement, with the reason its author gives."""
    file = tmp_path / "mine.toml"
    file.write_text(
        'setup = "import gil_demo"\n'
        '[[statement]]\nname = "ours, held"\nrun = "gil_demo.hold_gil(0.002)"\nwhy = "because"\n'
        '[[statement]]\nname = "ours, released"\nrun = "gil_demo.release_gil(0.02)"\n'
    )
    ended = command("probe", "--file", str(file), "--json")
    document = json.loads(ended.stdout)
    Draft202012Validator(schema("probes")).validate(document)
    assert [row["state"] for row in document["statements"]] == ["holds", "releases"]
    shown = command("probe", "--file", str(file))
    assert "Which statements of mine.toml release the GIL?" in shown.stdout
    assert "because" in shown.stdout
