"""What a step makes of patterns: as declared, not as declared, or not at an end."""

from collections.abc import Callable

from gil_demo.results.patterns import PatternRow
from gil_demo.tour.trials import not_as_declared, outcome_of, row_of, told_by
from gil_demo.words import Half

Rows = Callable[..., tuple[PatternRow, ...]]

HALVES: tuple[tuple[str, Half], ...] = (
    ("lost-update", "unsafe"),
    ("lost-update", "unforced"),
    ("lost-update", "safe"),
)


def test_halves_that_end_as_declared_show_it(ended: Rows) -> None:
    """Nothing more to say."""
    assert not_as_declared(ended(HALVES), ()) is None


def test_a_half_that_ends_otherwise_contradicts(ended: Rows) -> None:
    """The clause names it, how it ended, and how it must."""
    seen = not_as_declared(ended(HALVES, {("lost-update", "safe"): "wrong-value"}), ())
    assert seen is not None
    assert (seen.state, seen.right) == ("contradicted", None)
    assert seen.reason == (
        "the safe half of lost-update ended in wrong-value, and ok is what must happen"
    )


def test_a_half_without_an_end_says_nothing(ended: Rows) -> None:
    """It is no contradiction, and the reason tells why there was no end."""
    seen = not_as_declared(ended(HALVES, {("lost-update", "unsafe"): "unfinished"}), ())
    assert seen is not None
    assert (seen.state, seen.right) == ("inconclusive", None)
    assert "unsafe half of lost-update" in seen.reason
    assert "lost-update unsafe raised an exception" in seen.reason


def test_a_contradiction_is_not_hidden_by_a_half_without_an_end(ended: Rows) -> None:
    """What happened counts, whatever else did not come to its end."""
    rows = ended(
        HALVES,
        {("lost-update", "unsafe"): "unfinished", ("lost-update", "safe"): "crash"},
    )
    seen = not_as_declared(rows, ())
    assert seen is not None
    assert seen.state == "contradicted"


def test_what_is_left_to_chance_declares_nothing(ended: Rows) -> None:
    """It may go well."""
    assert not_as_declared(ended(HALVES, {("lost-update", "unforced"): "ok"}), ()) is None


def test_a_row_is_found_by_name_and_half(ended: Rows) -> None:
    """And what is told of it is the first clause of its evidence."""
    row = row_of(ended(HALVES), "lost-update", "safe")
    assert outcome_of(row) == "ok"
    assert told_by(row) == "lost-update safe was seen"
