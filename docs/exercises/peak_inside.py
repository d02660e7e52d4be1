"""How many calls were inside C at one moment? From the spans of one race a mode, by hand."""

from collections.abc import Sequence

import gil_demo
from gil_demo.results.run import Span


def peak_inside(spans: Sequence[Span]) -> int:
    """Find the most calls at one moment: it is reached when some call enters, so look at these."""
    return max(
        sum(other.enter_ns <= span.enter_ns < other.exit_ns for other in spans) for span in spans
    )


result = gil_demo.race(threads=[1, 4], rounds=1, sections=["scaling"]).result

for mode in ("held", "released", "native"):
    spans = [span for span in result.spans if span.gil == mode]
    (row,) = (row for row in result.scaling if row.gil == mode and row.threads == 4)
    by_hand = peak_inside(spans)
    print(f"{mode}: {by_hand} of {len(spans)} calls were inside at one moment")
    assert len(spans) == 4
    assert by_hand == row.peak_inside.max
    if mode == "held" and result.environment.gil_enabled:
        assert by_hand == 1
