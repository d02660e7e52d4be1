"""A name finds what there is to try, and a wrong one is answered with a way on."""

import json

import pytest

from gil_demo.cli import run_command_line
from gil_demo.gallery import registry
from gil_demo.gallery.question.claims import CLAIMS
from gil_demo.host import machine


def test_a_mistyped_name_suggests_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    """One line on standard error, and exit code 2."""
    assert run_command_line(["show", "lock-ordr"]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err == "gil-demo: there is no pattern 'lock-ordr': did you mean 'lock-order'?\n"


@pytest.mark.parametrize(
    ("name", "way_on"),
    [
        ("src/mine.c", "'gil-demo check src/mine.c' looks for unsafe C"),
        ("Mine.CPP", "'gil-demo check Mine.CPP' looks for unsafe C"),
        ("src/", "'gil-demo check src/' looks for unsafe C"),
        ("mine.py", "'gil-demo guard mine.py' and 'gil-demo watch mine.py'"),
        ("gilexample/strided-vew", "did you mean 'gilexample/strided'"),
        ("PyArray_DATA", r"'gil-demo list PyArray_DATA' finds \d+ pages"),
        ("deadlock", r"'gil-demo list deadlock' finds \d+ pages"),
        ("PyNothing_OfTheKind", "'gil-demo list' shows all, and 'gil-demo list WORD'"),
    ],
)
@pytest.mark.parametrize("command", ["show", "try"])
def test_a_name_of_no_pattern_is_answered_with_what_to_do(
    command: str, name: str, way_on: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file leads to the commands that read or run it, a word to the search, and no far guess."""
    assert run_command_line([command, name]) == 2
    with pytest.raises(registry.UnknownPattern, match=way_on):
        registry.find(name)
    assert capsys.readouterr().err.count("\n") == 1


def test_the_list_takes_words(capsys: pytest.CaptureFixture[str]) -> None:
    """Several words are one question, quoted or not, in each form of the list."""
    assert run_command_line(["list", "SIGSEGV", "at", "exit", "--json"]) == 0
    listed = [row["name"] for row in json.loads(capsys.readouterr().out)["patterns"]]
    assert "after-the-end" in listed
    assert "lost-update" not in listed
    assert run_command_line(["list", "SIGSEGV at exit"]) == 0
    table = capsys.readouterr().out
    assert "after-the-end" in table
    assert "lost-update" not in table


def test_a_list_of_nothing_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    """No empty table: one line says that no page has the word."""
    assert run_command_line(["list", "foobarbaz"]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("gil-demo: no page has 'foobarbaz'")


def test_claims_that_rest_on_a_gil_are_left_out_where_none_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All claims together are those that can be shown; one by name says what to do."""
    monkeypatch.setattr(machine, "gil_enabled", lambda: False)
    shown = registry.subjects("gilexample")
    assert {claim.name for claim in CLAIMS} - {claim.name for claim in shown} == {
        f"gilexample/{name}" for name in ("read-before", "own-reference", "released", "not-moved")
    }
    assert run_command_line(["try", "gilexample/released"]) == 2
    assert "PYTHON_GIL=1" in capsys.readouterr().err
    monkeypatch.setattr(machine, "gil_enabled", lambda: True)
    assert registry.subjects("gilexample") == CLAIMS
