"""Where there is no GIL, no half is called safe that is safe only with one."""

from collections.abc import Callable
from subprocess import CompletedProcess

import pytest

from gil_demo.gallery import registry
from gil_demo.gallery.pattern import Pattern
from gil_demo.host import machine
from gil_demo.report.gallery import trial_columns
from gil_demo.report.patterns import patterns_columns
from gil_demo.results.patterns import Ending, Finding, PatternRow
from gil_demo.sandbox import rows
from gil_demo.words import HALVES, SAFE_WITH_GIL, Half

Command = Callable[..., CompletedProcess[str]]

PATTERNS = [one for one in registry.load_all() if one.needs_gil]
SAFE_WITHOUT = "gil-as-lock"


@pytest.fixture(params=[True, False], ids=["with a GIL", "without"])
def gil(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether there is a GIL, by what the interpreter says of itself."""
    enabled: bool = request.param
    monkeypatch.setattr(machine, "gil_enabled", lambda: enabled)
    return enabled


def row_of(pattern: Pattern, half: Half) -> PatternRow:
    """The row of a half that ended well."""
    ending = Ending(Finding("ok", "sum of the array", found=3, expected=3), 0.1)
    ((_, row),) = rows.grouped([((pattern, half), ending)])
    return row


@pytest.mark.parametrize("one", PATTERNS, ids=lambda one: one.name)
def test_a_row_says_why_its_half_needs_a_gil(one: Pattern, gil: bool) -> None:
    """Only that of the safe half, and only where there is none."""
    safe, unsafe = row_of(one, "safe"), row_of(one, "unsafe")
    assert safe.caveat == ("" if gil else one.needs_gil)
    assert unsafe.caveat == ""


@pytest.mark.parametrize("one", PATTERNS, ids=lambda one: one.name)
def test_tables_of_rows_say_that_a_half_is_safe_with_a_gil(one: Pattern, gil: bool) -> None:
    """That of ``run`` in two words, that of ``try`` with the reason."""
    made = [row_of(one, half) for half in HALVES]
    _, _, safe, seen = (column.cells[0] for column in patterns_columns(made))
    _, ended, told = (column.cells[1] for column in trial_columns(made))
    assert (SAFE_WITH_GIL in str(safe)) == (SAFE_WITH_GIL in str(ended)) == (not gil)
    assert (one.needs_gil in str(told)) == (not gil)
    assert one.needs_gil not in str(seen)


@pytest.mark.parametrize("one", PATTERNS, ids=lambda one: one.name)
def test_a_page_says_it_beside_its_c(one: Pattern, gil: bool, command: Command) -> None:
    """In both forms, above the safe half; and the text says what would be needed."""
    for form in ((), ("--markdown",)):
        shown = " ".join(command("show", one.name, *form).stdout.split())
        assert (f"safe: ok, {SAFE_WITH_GIL}" in shown) == (not gil)
    assert "lock" in one.page["Why the safe half is safe"]


def test_the_list_says_it_of_these_patterns_alone(gil: bool, command: Command) -> None:
    """On the screen, and with the reason in the document."""
    for form in ((), ("--markdown",)):
        assert command("list", *form).stdout.count(SAFE_WITH_GIL) == (0 if gil else len(PATTERNS))
    document = command("list", "--json").stdout
    for one in PATTERNS:
        assert (one.needs_gil in document) == (not gil)
    assert registry.find(SAFE_WITHOUT).caveat("safe") == ""
