"""The figures of a run as CSV: one line a quantity, ready for a pivot table."""

import csv
from collections.abc import Iterator
from io import StringIO

from gil_demo.results.numbers import Range, Spread
from gil_demo.results.run import RunResult

HEADER = ("section", "gil", "threads", "quantity", "median", "low", "high")

Figures = tuple[float | str, float | str, float | str]
Line = tuple[str, str, int, str, *Figures]


def run_csv(result: RunResult) -> str:
    """Write both tables as one, times in seconds; a value that a row does not have is empty."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(_lines(result))
    return text.getvalue()


def _lines(result: RunResult) -> Iterator[Line]:
    for row in result.scaling:
        for name in ("wall_seconds", "speedup", "peak_inside", "mean_inside", "cpu_seconds"):
            yield "scaling", row.gil, row.threads, name, *_three(getattr(row, name))
        if row.held_share is not None:
            held = _worst(row.held_share, largest=row.gil != "held")
            yield "scaling", row.gil, row.threads, "held_share", *held
    for ticks in result.responsiveness:
        for name in (
            "ticks_per_second",
            "share_of_alone",
            "longest_stall_seconds",
            "call_seconds",
        ):
            yield "responsiveness", ticks.gil, 1, name, *_three(getattr(ticks, name))
        if ticks.ticks_inside is not None:
            none_expected = ticks.gil == "held" and result.environment.gil_enabled
            inside = _worst(ticks.ticks_inside, largest=none_expected)
            yield "responsiveness", ticks.gil, 1, "ticks_inside", *inside
        if ticks.held_share is not None:
            held = _worst(ticks.held_share, largest=not ticks.gil.startswith("held"))
            yield "responsiveness", ticks.gil, 1, "held_share", *held


def _worst(value: float, *, largest: bool) -> Figures:
    """Put the figure of the round that fits the claim least where the largest or smallest stand."""
    return ("", "", value) if largest else ("", value, "")


def _three(value: Spread | Range | float) -> Figures:
    if isinstance(value, Spread):
        return value.median, value.low, value.high
    if isinstance(value, Range):
        return "", value.min, value.max
    return value, "", ""
