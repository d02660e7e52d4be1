"""Facts become one sentence, and its first clause can be used alone."""

import pytest

from gil_demo.results.patterns import Death, Finding, Frame
from gil_demo.sandbox.evidence import clause, evidence, numbers
from gil_demo.words import Cause

PLACES = (
    (Frame("thread.py", 25, "_run"),),
    (Frame("lock_order.py", 54, "unsafe"), Frame("other.py", 1, "run")),
)


@pytest.mark.parametrize(
    ("finding", "sentence"),
    [
        (Finding("ok", "it was refused"), "it was refused"),
        (Finding("ok", "it was refused", "a copy was not"), "it was refused; a copy was not"),
        (Finding("ok", "sum", "", 8192, 8192.0), "sum: 8,192, as it should be"),
        (Finding("wrong-value", "sum", "", 4096.5, 8192), "sum: expected 8,192, found 4,096.5"),
        (Finding("ok", "a", "b", (1.0, 2.0), (1, 2)), "a: 1, 2, as it should be; b"),
        (Finding("wrong-value", "sum", "refused", 3, 3), "sum: 3, as it should be; refused"),
    ],
    ids=str,
)
def test_a_finding_is_told_in_a_sentence(finding: Finding, sentence: str) -> None:
    """Numbers that were compared are told in one way everywhere."""
    assert evidence(finding) == sentence


@pytest.mark.parametrize(
    ("death", "sentence"),
    [
        (Death("crash", "signal", "SIGSEGV"), "SIGSEGV"),
        (
            Death("crash", "signal", "SIGSEGV", note="a; b", after_ms=2.4, done=4096, total=8192),
            "SIGSEGV 2 ms after a; b; the kernel had got through 4,096 of 8,192 elements",
        ),
        (
            Death("fatal-error", "signal", "SIGABRT", "PyEval: no", note="a", after_ms=0),
            "SIGABRT (Fatal Python error: PyEval: no) 0 ms after a",
        ),
        (
            Death("deadlock", "deadlock", note="each waited", after_ms=250, stacks=PLACES),
            "each waited; one thread stood in the C function in which it began;"
            " one stood at lock_order.py:54, in unsafe",
        ),
        (
            Death("deadlock", "deadlock", note="each waited"),
            "each waited; there is no stack of any thread",
        ),
        (
            Death("unfinished", "time-limit", note="C began", after_ms=30_000, stacks=PLACES[1:]),
            "it was stopped at the time limit 30,000 ms after C began;"
            " one thread stood at lock_order.py:54, in unsafe",
        ),
        (
            Death("unfinished", "no-result", error="KeyError: 1", note="a", after_ms=1),
            "KeyError: 1",
        ),
        (Death("unfinished", "no-result"), "it left no result"),
    ],
    ids=str,
)
def test_a_death_is_told_in_a_sentence(death: Death, sentence: str) -> None:
    """What killed it, when, and how far it had got or where it stood."""
    assert evidence(death) == sentence


def test_the_clause_leaves_out_what_else_there_is_to_say() -> None:
    """However many semicolons the text itself has."""
    assert clause(Finding("ok", "a; b", "c")) == "a; b"
    assert clause(Death("crash", "signal", "SIGBUS", note="a; b", after_ms=1, total=8)) == (
        "SIGBUS 1 ms after a; b"
    )


@pytest.mark.parametrize("cause", ["signal", "deadlock", "time-limit", "no-result"])
def test_every_cause_has_a_sentence(cause: Cause) -> None:
    """Also where nothing else is known."""
    assert evidence(Death("unfinished", cause))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2**53 + 1, "9,007,199,254,740,993"),
        (8192.0, "8,192"),
        (-0.5, "-0.5"),
        (5e-5, "5e-05"),
        (34819.123, "34,819.1"),
        ((1, 2.0, 1000.0), "1, 2, 1,000"),
        ((), ""),
    ],
)
def test_whole_numbers_keep_all_their_digits(value: float, text: str) -> None:
    """And others have as many as one can take in."""
    assert numbers(value) == text
