"""Is what the hand-overs tell true on this machine? C that stamps its own truth is the judge."""

from collections.abc import Iterator
from typing import Literal

from gil_demo.native import handovers
from gil_demo.progress import Progress, unseen
from gil_demo.results.watching import SelfTestRow
from gil_demo.watching import timeline
from gil_demo.watching.recording import Recorder

PERIODS_MS = (1, 37, 100)
SHARES = (0, 5, 30, 50, 95, 100)
PARTS: tuple[Literal["spinning", "asleep"], ...] = ("spinning", "asleep")
LENGTH_MS = 300
"""How long each duty cycle goes on; on a busy machine for up to twice as long."""

MAX_ERROR_POINTS = 0.3
"""What is promised, on any machine under any load."""


def selftest(progress: Progress = unseen) -> Iterator[SelfTestRow]:
    """Compare the held share of known duty cycles with what the hand-overs tell."""
    cases = [
        (period, share, part)
        for period in PERIODS_MS
        for share in SHARES
        for part in (PARTS if share < 100 else PARTS[:1])
    ]
    for done, (period, share, part) in enumerate(cases, start=1):
        yield _row(period, share, part, max(1, LENGTH_MS // period))
        progress(done, len(cases) + 1)
    yield _row(LENGTH_MS, 100, "spinning", 1)  # one long call
    progress(len(cases) + 1, len(cases) + 1)


def _row(
    period_ms: int, share: int, part: Literal["spinning", "asleep"], cycles: int
) -> SelfTestRow:
    held = period_ms * 10_000 * share
    recorder = Recorder(events=True)
    recorder.start()
    try:
        start, end, least, most = handovers.cycles(
            held,
            period_ms * 1_000_000 - held,
            part == "spinning",
            cycles,
            2 * LENGTH_MS * 1_000_000,
        )
    finally:
        recording = recorder.stop()
        handovers.forget()
    assert recording is not None
    own = recording.holds[recording.holds["thread"] == handovers.STARTER]
    measured = timeline.held_within(own, start, end)
    wall = end - start
    return SelfTestRow(
        period_ms=period_ms,
        released_part=part if share < 100 else "none",
        true_share_low=least / wall,
        true_share_high=most / wall,
        measured_share=measured / wall,
    )
