"""Computes wall time and calls inside from the spans of a race."""

from collections.abc import Sequence

from gil_demo.results.run import Span


def wall_seconds(spans: Sequence[Span]) -> float:
    """Measure from the first enter to the last exit, in seconds."""
    return (max(span.exit_ns for span in spans) - min(span.enter_ns for span in spans)) / 1e9


def peak_inside(spans: Sequence[Span]) -> int:
    """Find the largest number of calls that were inside the kernel at one moment.

    A call that leaves at the very nanosecond another enters does not overlap it.
    """
    steps = sorted([(span.enter_ns, 1) for span in spans] + [(span.exit_ns, -1) for span in spans])
    inside, peak = 0, int(bool(spans))  # a call of no length is inside at its moment
    for _, step in steps:
        inside += step
        peak = max(peak, inside)
    return peak


def mean_inside(spans: Sequence[Span]) -> float:
    """Average the number of calls inside over the time while at least one is."""
    occupied = 0
    covered_until = min(span.enter_ns for span in spans)
    for span in sorted(spans, key=lambda span: span.enter_ns):
        occupied += max(0, span.exit_ns - max(span.enter_ns, covered_until))
        covered_until = max(covered_until, span.exit_ns)
    return sum(span.exit_ns - span.enter_ns for span in spans) / occupied if occupied else 0.0
