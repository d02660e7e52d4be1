"""Kept documents become results again, and one that cannot says where and why."""

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

import pytest

from gil_demo.results.numbers import Spread
from gil_demo.results.reading import VERSION, UnreadableDocument, content, read
from gil_demo.results.run import RunResult


@dataclass(frozen=True)
class Inner:
    """A part of the result below."""

    count: int
    share: float = 0.5


@dataclass(frozen=True)
class Outer:
    """One field for each kind of annotation."""

    name: str
    mode: Literal["held", "released"]
    flag: bool
    inner: Inner | None
    many: tuple[Inner, ...]
    pair: tuple[int, str]
    counts: dict[Literal["ok", "crash"], int]
    number: int | float | tuple[float, ...] | None = None


OUTER = Outer("a", "held", True, Inner(1), (Inner(2, 0.1), Inner(3)), (4, "b"), {"ok": 5}, (6.5,))


def as_kept(result: Any, **changes: object) -> Any:
    """What `json.loads` gives for a result that was written, with changes to its members."""
    return {**json.loads(json.dumps(asdict(result))), **changes}


def test_a_result_is_read_back_as_it_was() -> None:
    """Tuples are tuples again, and dataclasses dataclasses."""
    assert read(Outer, as_kept(OUTER)) == OUTER


def test_a_whole_run_is_read_back_as_it_was(made: RunResult) -> None:
    """Every annotation of the results of a run can be read."""
    assert read(RunResult, as_kept(made)) == made


def test_a_member_with_a_default_may_be_missing() -> None:
    """So a document of an earlier version can be read."""
    assert read(Inner, {"count": 1}) == Inner(1)


def test_a_whole_number_is_read_as_a_float_where_one_is_wanted() -> None:
    """JSON writes 1.0 as 1 in some languages."""
    spread = read(Spread, {"median": 1, "low": 0, "high": 2})
    assert spread == Spread(1.0, 0.0, 2.0)
    assert isinstance(spread.median, float)


@pytest.mark.parametrize("number", [1, 1.5, None, (1.0, 2.0)])
def test_each_kind_of_a_union_is_read(number: Any) -> None:
    """A number, a list of numbers or null."""
    kept = as_kept(OUTER, number=json.loads(json.dumps(number)))
    assert read(Outer, kept).number == number


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"name": 1}, "name is 1, not a string"),
        ({"mode": "both"}, "mode is \"both\", not 'held' or 'released'"),
        ({"mode": ["held"]}, "mode is [\"held\"], not 'held' or 'released'"),
        ({"flag": 1}, "flag is 1, not true or false"),
        ({"inner": {"count": True}}, "inner.count is true, not a whole number"),
        ({"inner": {"count": 1, "more": 2}}, "inner has 'more', which is unknown here"),
        ({"inner": 7}, "inner is 7, not an object or null"),
        ({"many": [{"count": 1}, {}]}, "many[1] lacks 'count'"),
        ({"many": {}}, "many is {}, not a list"),
        ({"pair": [1]}, "pair is [1], not a list of 2"),
        ({"counts": {"late": 1}}, "counts (a name) is \"late\", not 'ok' or 'crash'"),
        ({"counts": {"ok": "1"}}, 'counts.ok is "1", not a whole number'),
        ({"number": "x" * 99}, f'number is "{"x" * 36}..., not a whole number, a number, a list'),
    ],
    ids=str,
)
def test_a_value_that_does_not_fit_is_named(changes: dict[str, object], complaint: str) -> None:
    """The message says where it is, what it is, and what belongs there."""
    with pytest.raises(UnreadableDocument) as refusal:
        read(Outer, as_kept(OUTER, **changes))
    assert str(refusal.value).startswith(complaint)


def test_what_is_no_object_is_refused() -> None:
    """Also where the document itself is the value at fault."""
    with pytest.raises(UnreadableDocument, match="the document is 3, not an object"):
        read(Outer, 3)


def document(**members: object) -> str:
    """A document as it is kept in a file."""
    return json.dumps({"format": "gil-demo/try", "version": VERSION, "patterns": [], **members})


def test_the_content_of_a_document_is_what_a_result_is_read_from() -> None:
    """Format and version are checked and left out."""
    assert content(document(), "gil-demo/try") == {"patterns": []}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "is not JSON (Expecting value"),
        ("[" * 100_000, "is not JSON ("),
        ('{"seconds": NaN}', "is not JSON (NaN is no JSON number)"),
        ("[]", "names no format, and 'gil-demo/try' is needed: write one with 'gil-demo try"),
        ("{}", "names no format"),
        (document(format="gil-demo/run"), "is of format 'gil-demo/run'"),
        (document(version=VERSION + 1), f"has version {VERSION + 1}, and this gil-demo reads"),
        (document(version=0), "has version 0, which is not valid"),
        (document(version=True), "has version True, which is not valid"),
        (document(version=None), "has version None, which is not valid"),
    ],
    ids=lambda text: text[:30],
)
def test_a_text_that_is_no_such_document_is_refused(text: str, complaint: str) -> None:
    """The message says what it is instead, and how to get one."""
    with pytest.raises(UnreadableDocument) as refusal:
        content(text, "gil-demo/try")
    assert str(refusal.value).startswith(f"the document {complaint}")
