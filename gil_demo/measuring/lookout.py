"""Who had the GIL during a race: by its hand-overs, where these can be watched."""

import threading
from types import TracebackType

import numpy as np

from gil_demo.native import handovers
from gil_demo.native.handovers import CannotWatch, Holds
from gil_demo.results.run import GilHold, Span
from gil_demo.watching import timeline
from gil_demo.watching.recording import Recorder

MAX_HOLDS = 200_000
"""Room for the hand-overs of one race: 8 MB, of which a race needs the least part."""


class Lookout:
    """Watches the GIL during a block. Where that cannot be done, it knows nothing, and says so.

    Guarantees: the block runs in any case; each thread that signs in is known by its row.
    """

    def __init__(self) -> None:
        """Prepare. Nothing is watched yet."""
        self._recorder: Recorder | None = None
        self._holds: Holds | None = None
        self._rows: dict[int, int] = {}

    def __enter__(self) -> "Lookout":
        recorder = Recorder(events=True, max_holds=MAX_HOLDS)
        try:
            recorder.start()
        except CannotWatch:
            return self
        self._recorder = recorder
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._recorder is None:
            return
        recording = self._recorder.stop()
        handovers.forget()
        if recording is not None and not recording.lost_events:
            self._holds = recording.holds
            self._rows = {row.ident: row.row for row in recording.rows}

    def sign_in(self) -> int | None:
        """Return the row of the calling thread, or None where nothing is watched."""
        if self._recorder is None:
            return None
        row, _ = handovers.name_thread(threading.current_thread().name)
        return row

    def row_of(self, ident: int | None) -> int | None:
        """Return the row of a thread by its `threading.get_ident`, once the block has ended."""
        return None if ident is None else self._rows.get(ident)

    def held_share(self, row: int | None, span: Span) -> float | None:
        """Return the share of a call during which its thread had the GIL; None if not known.

        A call so short that the clock did not move has no share.
        """
        if self._holds is None or row is None or span.exit_ns <= span.enter_ns:
            return None
        own = self._holds[self._holds["thread"] == row]
        held = timeline.held_within(own, span.enter_ns, span.exit_ns)
        return held / (span.exit_ns - span.enter_ns)

    def gil_lane(
        self, lanes: dict[int | None, int], start_ns: int, end_ns: int, resolution_ns: int
    ) -> tuple[GilHold, ...] | None:
        """Tell who had the GIL from one moment to another: numbers of lanes; 0 is nobody's.

        Holds of one thread that are closer together than the resolution are told as one.
        """
        if self._holds is None:
            return None
        holds = self._holds
        some = holds[(holds["dropped"] > start_ns) & (holds["taken"] < end_ns)]
        found: list[GilHold] = []
        for row in np.unique(some["thread"]).tolist():
            own = some[some["thread"] == row]
            taken = np.maximum(own["taken"], start_ns)
            dropped = np.minimum(own["dropped"], end_ns)
            lane = lanes.get(row, 0)
            joined = timeline.joined(taken, dropped, own["stack"], resolution_ns)
            found += (GilHold(lane, first, last, share) for first, last, share, _ in joined)
        return tuple(sorted(found, key=lambda one: one.first_ns))
