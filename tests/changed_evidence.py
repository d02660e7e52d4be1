"""What a run has seen, changed by hand: the same evidence with another peak, picture or load."""

from dataclasses import replace
from typing import Literal

from gil_demo.measuring.spans import peak_inside
from gil_demo.measuring.verdict import Evidence
from gil_demo.results.host import Environment
from gil_demo.results.numbers import Range
from gil_demo.results.run import Panel, ResponsivenessRow, ScalingRow, Span, Stretch
from gil_demo.words import Mode

Quantity = Literal["picture", "scaling", "responsiveness"]
QUANTITIES: tuple[Quantity, ...] = ("picture", "scaling", "responsiveness")


def with_peak(evidence: Evidence, gil: Mode, least: int, most: int | None = None) -> Evidence:
    """The same, but with another peak of one mode on two threads."""

    def changed(row: ScalingRow) -> ScalingRow:
        if (row.gil, row.threads) != (gil, 2):
            return row
        return replace(row, peak_inside=Range(least, most or least))

    return replace(evidence, scaling=[changed(row) for row in evidence.scaling])


def with_ticks(evidence: Evidence, company: str, ticks: int) -> Evidence:
    """The same, but with another number of ticks inside a call."""

    def changed(row: ResponsivenessRow) -> ResponsivenessRow:
        return replace(row, ticks_inside=ticks) if row.gil == company else row

    return replace(evidence, responsiveness=[changed(row) for row in evidence.responsiveness])


def with_spans(evidence: Evidence, gil: Mode, *moments: tuple[int, int]) -> Evidence:
    """The same, but with another picture of one mode."""
    spans = tuple(Span(gil, thread, *moment) for thread, moment in enumerate(moments, start=1))
    panels = [
        Panel(gil, spans, (Stretch(0, 1, 2),), peak_inside(spans)) if panel.gil == gil else panel
        for panel in evidence.picture
    ]
    return replace(evidence, picture=panels)


def busy(evidence: Evidence, share: float | None) -> Evidence:
    """The same on a machine of which others take that share."""
    environment: Environment = replace(evidence.environment, machine_busy=share)
    return replace(evidence, environment=environment)


def with_speedups(evidence: Evidence, **medians: float) -> Evidence:
    """The same with other speed-ups of several threads."""
    rows = [
        replace(row, speedup=replace(row.speedup, median=medians[row.gil]))
        if row.threads > 1 and row.gil in medians
        else row
        for row in evidence.scaling
    ]
    return replace(evidence, scaling=rows)


def only(evidence: Evidence, *quantities: Quantity) -> Evidence:
    """The same without what was not measured."""
    left_out = {name: () for name in QUANTITIES if name not in quantities}
    return replace(evidence, **left_out)  # type: ignore[arg-type]  # the names are those of fields
