"""The verdict where there is no GIL: held and released behave alike until the world is stopped."""

from dataclasses import replace

import pytest
from changed_evidence import (
    QUANTITIES,
    Quantity,
    only,
    with_peak,
    with_ticks,
)
from made_by_hand import row_of

from gil_demo.measuring.verdict import Evidence, judge
from gil_demo.results.patterns import Finding
from gil_demo.words import Company, Mode, State


def test_without_a_gil_held_and_released_behave_alike(without_gil: Evidence) -> None:
    """Both meet and both let the ticker run: shown, and said to be because there is no GIL."""
    verdict = judge(without_gil)
    assert verdict.state == "shown"
    assert "without a GIL" in verdict.reasons[0]
    assert "behave alike" in verdict.reasons[0]
    for figure in ("both calls", "0.99x", "1.94x", "native threads 1.96x"):
        assert figure in verdict.reasons[1]


def with_collections(
    evidence: Evidence, held: tuple[int, int] = (3, 0), released: tuple[int, int] = (3, 3)
) -> Evidence:
    """The same with so many collections that began and that ended inside calls of 100 ms."""
    row = replace(evidence.responsiveness[1], call_seconds=0.1)
    inside: list[tuple[Company, float, tuple[int, int]]] = [
        ("held-collected", 0.09, held),
        ("released-collected", 0.006, released),
    ]
    rows = [
        replace(
            row,
            gil=company,
            longest_stall_seconds=stall,
            collections_begun=begun,
            collections_ended=ended,
        )
        for company, stall, (begun, ended) in inside
    ]
    return replace(evidence, responsiveness=[*evidence.responsiveness, *rows])


def test_without_a_gil_the_stalls_of_a_collection_are_told(without_gil: Evidence) -> None:
    """Held and released differ there; no figure of it decides the verdict."""
    verdict = judge(with_collections(without_gil))
    assert verdict.state == "shown"
    assert "90.0 ms in a call of 100.0 ms that was held" in verdict.reasons[2]
    assert "6.0 ms in a call of 100.0 ms that was released" in verdict.reasons[2]


@pytest.mark.parametrize(
    ("collections", "reason"),
    [
        ({"held": (0, 0)}, "No garbage collection began during a held call."),
        ({"released": (0, 0)}, "No garbage collection ended during a released call."),
        ({"released": (3, 0)}, "No garbage collection ended during a released call."),
    ],
)
def test_without_a_gil_a_collection_that_came_too_late_leaves_it_open(
    without_gil: Evidence, collections: dict[str, tuple[int, int]], reason: str
) -> None:
    """Nothing is told of stalls while it was collected if it was not, or of its end."""
    verdict = judge(with_collections(without_gil, **collections))
    assert verdict.state == "inconclusive"
    assert verdict.reasons == (reason,)


def test_without_a_gil_patterns_alone_say_nothing_of_held_and_released(
    without_gil: Evidence,
) -> None:
    """Only calls that met, or the ticker, show that the two behave alike."""
    row = row_of("x", "unsafe", "crash", Finding("crash", "was seen"))
    alone = judge(replace(only(without_gil), patterns=(row,)))
    assert alone.state == "shown"
    assert alone.reasons == ("Of 1 pattern, each half ended as declared.",)
    both = judge(replace(only(without_gil, "responsiveness"), patterns=(row,)))
    assert "behave alike" in both.reasons[0]
    assert both.reasons[1].startswith("Either way, the ticker ticked")
    assert both.reasons[1].endswith("; of 1 pattern, each half ended as declared.")


@pytest.mark.parametrize(
    ("company", "state"), [("held-collected", "contradicted"), ("released-collected", "shown")]
)
def test_without_a_gil_a_collection_that_ends_in_a_held_call_contradicts(
    company: Company, state: State, without_gil: Evidence
) -> None:
    """It waits for each thread that is attached, so also for that one."""
    row = replace(without_gil.responsiveness[1], collections_begun=3, collections_ended=1)
    rows = [*without_gil.responsiveness, replace(row, gil=company)]
    assert judge(replace(without_gil, responsiveness=rows)).state == state


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_without_a_gil_each_section_alone_can_show_it(
    quantity: Quantity, without_gil: Evidence
) -> None:
    """One section is enough here too."""
    assert judge(only(without_gil, quantity)).state == "shown"


@pytest.mark.parametrize("gil", ["held", "released"])
def test_without_a_gil_calls_that_did_not_meet_leave_it_open(
    gil: Mode, without_gil: Evidence
) -> None:
    """Nothing but the machine can have kept them apart, held or released, so it is open."""
    for apart in (with_peak(without_gil, gil, 1), with_ticks(without_gil, gil, 0)):
        verdict = judge(apart)
        assert verdict.state == "inconclusive"
        assert f"{gil} call" in verdict.reasons[0]
