"""Statements to probe: NumPy's, those of a file, and what is made of one."""

import pytest

from gil_demo.errors import BadInput
from gil_demo.watching.probe import compiled
from gil_demo.watching.statements import numpy_statements, parsed


def test_a_statement_sees_its_setup() -> None:
    """As with timeit: one namespace, several lines."""
    function = compiled("y = x + 1\ny + 1", "x = 1\nlog = []")
    assert function() is None


@pytest.mark.parametrize("statement", ["1 +", "return 3", "x = 1\n  y = 2", "'\udcff'"])
def test_what_is_not_python_is_a_syntax_error(statement: str) -> None:
    """Even what would be valid inside the function that is made of it."""
    with pytest.raises(SyntaxError):
        compiled(statement)


def test_numpys_statements_have_names_reasons_and_groups() -> None:
    """And each setup runs."""
    statements = numpy_statements()
    assert len({one.name for one in statements}) == len(statements) >= 30
    assert all(one.group and one.why for one in statements)
    for one in statements:
        compiled(one.run, one.setup.replace("1_000_000", "1_000").replace("100_000", "1_000"))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("x = ", "is not TOML"),
        ("", r"has no \[\[statement\]\]"),
        ("other = 1\n[[statement]]\nname='a'\nrun='b'", "has other"),
        ("[[statement]]\nname='a'", "statement 1 needs name and run"),
        ("[[statement]]\nname='a'\nrun='b'\nwhen='c'", "and nothing else"),
        ("[[statement]]\nname='a'\nrun=1", "must have texts only"),
    ],
)
def test_a_file_that_is_not_one_of_statements_is_refused(text: str, problem: str) -> None:
    """In one line that says what is wrong."""
    with pytest.raises(BadInput, match=problem):
        parsed(text, "mine.toml")


def test_a_setup_that_raises_leaves_a_row_without_an_answer() -> None:
    """The other rows are not lost."""
    (one,) = parsed("[[statement]]\nname='a'\nsetup='1 / 0'\nrun='1'", "mine.toml")
    assert one.probe().result.reason == "its setup raised ZeroDivisionError: division by zero"
