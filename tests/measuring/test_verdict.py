"""The verdict, from evidence made by hand: what contradicts, what leaves open, what shows."""

from dataclasses import replace
from itertools import product

import pytest
from changed_evidence import (
    QUANTITIES,
    Quantity,
    busy,
    only,
    with_peak,
    with_spans,
    with_speedups,
    with_ticks,
)
from made_by_hand import row_of

from gil_demo.measuring.verdict import Evidence, judge
from gil_demo.results.numbers import Range
from gil_demo.results.patterns import Finding
from gil_demo.results.run import RunResult
from gil_demo.words import Outcome, State

# Shown


def test_all_as_expected_is_shown(evidence: Evidence) -> None:
    """Held calls one at a time, released ones together, ticks accordingly: two sentences say so."""
    verdict = judge(evidence)
    assert verdict.state == "shown"
    assert len(verdict.reasons) == 2


def test_the_sentences_quote_the_figures(evidence: Evidence) -> None:
    """Who reads only the verdict reads the threads, the ticks, the call and the speed-ups."""
    held, released = judge(evidence).reasons
    assert "never more than 1 of 2 calls" in held
    assert "did not tick once during a call of 30.1 ms" in held
    assert "both calls were inside at once in every round" in released
    assert "ticked at least 102,640 times" in released
    for speedup in ("1.94x", "native threads 1.96x", "held 0.99x"):
        assert speedup in released


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_each_section_alone_can_show_it(quantity: Quantity, evidence: Evidence) -> None:
    """Whichever one section was asked for, its facts are enough, and only they are told."""
    verdict = judge(only(evidence, quantity))
    assert verdict.state == "shown"
    text = " ".join(verdict.reasons)
    assert ("inside at once" in text) == (quantity != "responsiveness")
    assert ("tick" in text) == (quantity == "responsiveness")
    assert ("1.94x" in text) == (quantity == "scaling")
    assert ("in every round" in text) == (quantity == "scaling")  # the picture is one race


def test_the_most_threads_are_told(evidence: Evidence) -> None:
    """With several numbers of threads measured, the sentences are about the most."""
    peaks = {"held": Range(1, 1), "released": Range(4, 4), "native": Range(4, 4)}
    four = [
        replace(row, threads=4, peak_inside=peaks[row.gil])
        for row in evidence.scaling
        if row.threads == 2
    ]
    text = " ".join(judge(replace(evidence, scaling=[*evidence.scaling, *four])).reasons)
    assert "never more than 1 of 4 calls" in text
    assert "all 4 calls were inside" in text
    assert "4 threads got 1.94x" in text


def test_speed_decides_nothing(evidence: Evidence) -> None:
    """Released threads no faster than one: told, and the facts still hold."""
    verdict = judge(with_speedups(evidence, held=0.99, released=1.0))
    assert verdict.state == "shown"
    assert "2 threads got 1.00x" in verdict.reasons[1]
    assert "held 0.99x" in verdict.reasons[1]


def test_a_speedup_that_cannot_be_is_no_finding(evidence: Evidence) -> None:
    """Held calls that gained tell of the machine: no speed-up is told, and a line says why."""
    verdict = judge(with_speedups(evidence, held=1.46, released=1.19))
    assert verdict.state == "shown"
    assert "1.19x" not in " ".join(verdict.reasons)
    assert verdict.reasons[-1].startswith("Held calls cannot gain, and here they got 1.46x")


def test_a_busy_machine_is_told_in_a_verdict_that_is_shown(evidence: Evidence) -> None:
    """Counts stay true; the speed-ups are left out."""
    verdict = judge(busy(evidence, 0.91))
    assert verdict.state == "shown"
    assert "as much done" not in " ".join(verdict.reasons)
    assert verdict.reasons[-1].startswith("Others took 91% of the cores: times")
    assert "Others" not in " ".join(judge(busy(evidence, 0.09)).reasons)


def test_patterns_that_only_cost_time_support_no_verdict(evidence: Evidence) -> None:
    """Whichever way they end, they are not among the halves that ended as declared."""
    judged = row_of("x", "unsafe", "crash", Finding("crash", "was seen"))
    outcomes: tuple[Outcome, ...] = ("slow", "ok")
    for outcome in outcomes:
        timed = row_of("convoy", "unsafe", ("slow", "ok"), Finding(outcome, "was timed"))
        safe = row_of("convoy", "safe", "ok", Finding("ok", "was timed"))
        verdict = judge(replace(evidence, patterns=(judged, timed, safe)))
        assert verdict.state == "shown"
        assert "of 1 pattern, each half ended as declared (1 more" in verdict.reasons[1]
        alone = replace(only(evidence), patterns=(timed, safe))
        assert judge(alone).state == "inconclusive"


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        ("crash", "shown"),
        ("fatal-error", "shown"),
        ("ok", "contradicted"),
        ("stall", "contradicted"),
    ],
)
def test_any_of_several_declared_deaths_is_as_declared(
    evidence: Evidence, outcome: Outcome, state: State
) -> None:
    """Which one a process dies is up to the build; that it lives is not."""
    row = row_of("x", "unsafe", ("crash", "fatal-error"), Finding(outcome, "was seen"))
    verdict = judge(replace(evidence, patterns=(row,)))
    assert verdict.state == state
    if state == "contradicted":
        assert verdict.reasons == (
            "The unsafe half of x did not end as declared (crash or fatal-error).",
        )


def test_native_threads_that_did_not_meet_decide_nothing(evidence: Evidence) -> None:
    """What threads without Python did tells of the machine, not of the GIL."""
    assert judge(with_peak(evidence, "native", 1)).state == "shown"


# Contradicted


def test_two_held_calls_inside_at_once_contradict(evidence: Evidence) -> None:
    """If two calls that hold the GIL were ever inside together, the claim is wrong."""
    verdict = judge(with_peak(evidence, "held", 1, 2))
    assert verdict.state == "contradicted"
    assert "2 of 2 calls were inside at once" in verdict.reasons[0]


def test_two_held_calls_drawn_above_each_other_contradict(evidence: Evidence) -> None:
    """The picture's race is evidence as good as the table's."""
    verdict = judge(with_spans(evidence, "held", (0, 100), (99, 200)))
    assert verdict.state == "contradicted"


def test_a_tick_inside_a_held_call_contradicts(evidence: Evidence) -> None:
    """If Python ran while a call held the GIL, the claim is wrong; the ticks are counted."""
    verdict = judge(with_ticks(evidence, "held", 1_234))
    assert verdict.state == "contradicted"
    assert "1,234 times inside a held call" in verdict.reasons[0]


def test_results_that_differ_leave_it_open(evidence: Evidence, without_gil: Evidence) -> None:
    """Somebody wrote to the array meanwhile, say to a file that is mapped: no fault of the GIL."""
    for either in (evidence, without_gil):
        verdict = judge(replace(either, results_agree=False))
        assert verdict.state == "inconclusive"
        assert "same value" in verdict.reasons[0]


def test_every_contradiction_is_told(evidence: Evidence) -> None:
    """Contradictions come one sentence each, and no gap is told beside them."""
    wrong = with_ticks(with_peak(with_peak(evidence, "held", 2), "released", 1), "held", 5)
    verdict = judge(replace(wrong, results_agree=False))
    assert verdict.state == "contradicted"
    assert len(verdict.reasons) == 2


# Inconclusive


def test_nothing_measured_shows_nothing(evidence: Evidence) -> None:
    """Without a race of two or the ticker there is no verdict, and a hint at what to measure."""
    nothing = only(evidence)
    one_thread = replace(nothing, scaling=[r for r in evidence.scaling if r.threads == 1])
    for empty in (nothing, one_thread):
        verdict = judge(empty)
        assert verdict.state == "inconclusive"
        assert "two threads" in verdict.reasons[0]
        assert "responsiveness" in verdict.reasons[0]  # the section's name


def test_released_calls_that_did_not_meet_leave_it_open(evidence: Evidence) -> None:
    """A busy machine can keep released calls apart, so that proves nothing either way."""
    verdict = judge(with_peak(evidence, "released", 1, 2))
    assert verdict.state == "inconclusive"
    assert "only 1 of 2 released calls" in verdict.reasons[0]


def test_released_calls_drawn_apart_leave_it_open(evidence: Evidence) -> None:
    """The same if it happened in the picture's race."""
    assert judge(with_spans(evidence, "released", (0, 10), (20, 30))).state == "inconclusive"


def test_a_reason_that_the_picture_and_the_table_share_is_told_once(evidence: Evidence) -> None:
    """Both have races of two threads, and in both the two missed each other."""
    drawn = [replace(panel, peak_inside=1) for panel in evidence.picture]
    tabled = [replace(row, peak_inside=Range(1, 1)) for row in evidence.scaling]
    verdict = judge(replace(evidence, picture=drawn, scaling=tabled))
    assert verdict.state == "inconclusive"
    assert len(set(verdict.reasons)) == len(verdict.reasons)


def test_a_ticker_without_time_leaves_it_open(evidence: Evidence) -> None:
    """No tick inside a released call: perhaps the GIL, perhaps the machine."""
    verdict = judge(with_ticks(evidence, "released", 0))
    assert verdict.state == "inconclusive"
    assert "no time beside a released call" in verdict.reasons[0]


def test_a_busy_machine_is_named_as_the_reason(evidence: Evidence) -> None:
    """If others took the cores, the sentence says how much of them; if not, it does not."""
    apart = with_peak(evidence, "released", 1)
    assert "others took 48% of the cores" in judge(busy(apart, 0.48)).reasons[0]
    for quiet in (0.01, None):
        assert "others" not in judge(busy(apart, quiet)).reasons[0]


@pytest.mark.parametrize("share", [None, 0.0, 0.5, 1.0])
def test_a_busy_machine_never_contradicts(share: float | None, evidence: Evidence) -> None:
    """Whatever load can do to released calls, native ones and the ticker, it leaves it open."""
    crowded = busy(evidence, share)
    for released, native, ticks in product((1, 2), (1, 2), (0, 7)):
        seen = with_peak(with_peak(crowded, "released", released), "native", native)
        verdict = judge(with_ticks(seen, "released", ticks))
        expected = "shown" if released == 2 and ticks else "inconclusive"
        assert verdict.state == expected


@pytest.mark.parametrize(
    ("position", "share", "told"),
    [(1, 0.98, "98.0%"), (1, 0.99999, ">99.9%"), (3, 0.02, "2.0%"), (3, 1e-6, "<0.1%")],
)
def test_hand_overs_that_disagree_contradict_the_claim(
    made: RunResult, position: int, share: float, told: str
) -> None:
    """Who was inside and who had the GIL must say the same, and the sentence says how far off."""
    rows = list(made.scaling)
    rows[position] = replace(rows[position], held_share=share)
    verdict = judge(Evidence(made.environment, True, made.picture, rows, made.responsiveness))
    assert verdict.state == "contradicted"
    assert verdict.reasons == (
        f"By its hand-overs, a {rows[position].gil} call had the GIL for {told} of its time.",
    )


def test_hand_overs_that_agree_are_told(made: RunResult) -> None:
    """With the other facts, for held and for released calls."""
    shares = {"held": 1.0, "released": 0.0, "native": None}
    rows = [replace(row, held_share=shares[row.gil]) for row in made.scaling]
    verdict = judge(Evidence(made.environment, True, made.picture, rows, made.responsiveness))
    assert verdict.state == "shown"
    assert "each call had the GIL throughout, by its hand-overs" in verdict.reasons[0]
    assert "no call had it while inside" in verdict.reasons[1]
