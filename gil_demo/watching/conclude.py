"""From a recording to a result: threads, holds, the places to blame, and the picture."""

import sys

import numpy as np
from numpy.typing import NDArray

from gil_demo.native import handovers
from gil_demo.results.watching import (
    Detail,
    Frame,
    Hold,
    Lane,
    Place,
    Stretch,
    ThreadTotals,
    Waiter,
    WatchResult,
)
from gil_demo.watching import timeline
from gil_demo.watching.places import Stacks, named_frame
from gil_demo.watching.recording import Recording, totals_of
from gil_demo.words import HoldKind

MAX_LISTED_HOLDS = 100
MAX_PLACES = 50
MAX_STRETCHES = 60_000
"""Stretches of all lanes together that a picture keeps."""

DETAIL = 1.0
"""How much is shown before and after the worst hold, in lengths of the hold."""


class Conclusions:
    """All that follows from one recording, each part worked out once."""

    def __init__(self, recording: Recording) -> None:
        """Work out the waits and who caused them."""
        self.recording = recording
        self.holds = holds = recording.holds
        self.stacks = Stacks(handovers.frames)
        self.waits = timeline.waits_of(holds, recording.unanswered, recording.stopped_ns)
        self.caused = timeline.caused_waits(holds, self.waits)
        self.longest = timeline.longest_waits(holds, self.waits)
        interval = int(recording.switch_interval_seconds * 1e9)
        self.kinds = timeline.kinds_of(self.longest, holds["ran"], interval)

    def result(self, program: str, exit_code: int | None) -> WatchResult:
        """Put the result together."""
        recording = self.recording
        lanes, resolution, stacks = self._lanes()
        worst = self._worst_first(MAX_LISTED_HOLDS)
        totals = self._threads()
        return WatchResult(
            program=program,
            python=sys.version.split()[0],
            seconds=(recording.stopped_ns - recording.started_ns) / 1e9,
            held_seconds=sum(one.held_seconds for one in totals),
            waited_seconds=sum(one.waited_seconds for one in totals),
            hand_overs=sum(one.hand_overs for one in totals),
            switch_interval_seconds=recording.switch_interval_seconds,
            threads=tuple(sorted(totals, key=lambda one: -one.held_seconds)),
            places=self._places(),
            holds=tuple(self._hold(index) for index in worst),
            lanes=lanes,
            resolution_ns=resolution,
            worst=self._detail(worst[0]) if worst else None,
            stacks=stacks,
            longest_wait_seconds=int(self.longest.max(initial=0)) / 1e9,
            lost_events=recording.lost_events,
            lost_stacks=recording.lost_stacks,
            other_gils=recording.other_gils,
            exit_code=exit_code,
        )

    def _threads(self) -> list[ThreadTotals]:
        """Add up the totals of each thread, with the waits that had not ended."""
        recording, found = self.recording, []
        for row in recording.rows:
            totals = totals_of(row, recording.names[row.row])
            if row.asked_ns:
                going_on = (recording.stopped_ns - row.asked_ns) / 1e9
                longest = max(totals.longest_wait_seconds, going_on)
                changed = {
                    "waited_seconds": totals.waited_seconds + going_on,
                    "longest_wait_seconds": longest,
                }
                totals = ThreadTotals(**{**vars(totals), **changed})
            found.append(totals)
        if recording.ended.takes:
            found.append(totals_of(recording.ended, "threads that ended"))
        return found

    def _worst_first(self, limit: int) -> list[int]:
        """Sort the holds that caused waiting, those that caused the most first."""
        order = np.argsort(-self.caused, kind="stable")[:limit]
        return [int(index) for index in order if self.caused[index] > 0]

    def _since_start(self, moment: int) -> int:
        return int(moment) - self.recording.started_ns

    def _hold(self, index: int) -> Hold:
        hold, names = self.holds[index], self.recording.names
        waiters = timeline.waiters_within(hold, self.waits)
        return Hold(
            thread=names[int(hold["thread"])],
            start_ns=self._since_start(hold["taken"]),
            end_ns=self._since_start(hold["dropped"]),
            caused_wait_ns=int(self.caused[index]),
            longest_wait_ns=int(self.longest[index]),
            kind=timeline.KINDS[self.kinds[index]],
            waiters=tuple(Waiter(names.get(thread, "?"), wait) for thread, wait in waiters),
            stack=self.stacks[int(hold["stack"])],
        )

    def _places(self) -> tuple[Place, ...]:
        """Find the lines at which holds ended that made others wait, the worst first."""
        blamed = np.flatnonzero(self.caused > 0)
        groups: dict[tuple[Frame | None, int], list[NDArray[np.intp]]] = {}
        numbers, which = np.unique(self.holds["stack"][blamed], return_inverse=True)
        kinds = self.kinds[blamed]
        order = np.lexsort((kinds, which))
        keys = which[order] * len(timeline.KINDS) + kinds[order]
        for part in np.split(order, np.flatnonzero(np.diff(keys)) + 1) if len(order) else ():
            stack = self.stacks[int(numbers[which[part[0]]])]
            groups.setdefault((named_frame(stack), int(kinds[part[0]])), []).append(blamed[part])
        places = [
            self._place(frame, timeline.KINDS[kind], np.concatenate(parts))
            for (frame, kind), parts in groups.items()
        ]
        places.sort(key=lambda place: -place.caused_wait_seconds)
        return tuple(places[:MAX_PLACES])

    def _place(self, frame: Frame | None, kind: HoldKind, holds: NDArray[np.intp]) -> Place:
        caused, lasted = self.caused[holds], (self.holds["dropped"] - self.holds["taken"])[holds]
        names = self.recording.names
        worst = holds[np.argsort(-caused, kind="stable")[:20]]
        waiters = dict.fromkeys(
            names.get(thread, "?")
            for index in worst
            for thread, _ in timeline.waiters_within(self.holds[index], self.waits)
        )
        stack = self.stacks[int(self.holds["stack"][worst[0]])]
        return Place(
            frame=frame,
            inner=stack[0] if stack else None,
            kind=kind,
            holds=len(holds),
            held_seconds=int(lasted.sum()) / 1e9,
            caused_wait_seconds=int(caused.sum()) / 1e9,
            longest_hold_seconds=int(lasted.max()) / 1e9,
            longest_wait_seconds=int(self.longest[holds].max()) / 1e9,
            threads=tuple(dict.fromkeys(names[int(one)] for one in self.holds["thread"][worst])),
            waiters=tuple(waiters),
            stack=stack,
        )

    def _lanes(self) -> tuple[tuple[Lane, ...], int, tuple[tuple[Frame, ...], ...]]:
        """Lay out the whole run, joined where there are more hand-overs than a picture needs."""
        count = len(self.holds) + len(self.waits.start)
        started, stopped = self.recording.started_ns, self.recording.stopped_ns
        resolution = timeline.resolution_for(count, stopped - started, MAX_STRETCHES)
        numbers: dict[int, int] = {0: 0}
        lanes = self._lanes_between(started, stopped, resolution, numbers)
        return lanes, resolution, tuple(self.stacks[number] for number in numbers)

    def _detail(self, worst: int) -> Detail:
        """Lay out the picture around one hold."""
        hold = self.holds[worst]
        asked = self.waits.start[self.waits.end > hold["taken"]]
        start = min(int(asked.min(initial=hold["taken"])), int(hold["taken"]))
        length = int(hold["dropped"] - hold["taken"])
        start = max(start, int(hold["taken"]) - int(DETAIL * length), self.recording.started_ns)
        end = min(int(hold["dropped"]) + int(DETAIL * length / 2), self.recording.stopped_ns)
        lanes = self._lanes_between(start, end, max(1, (end - start) // 4000), {0: 0})
        return Detail(self._since_start(start), self._since_start(end), lanes)

    def _lanes_between(
        self, start: int, end: int, resolution: int, numbers: dict[int, int]
    ) -> tuple[Lane, ...]:
        """Lay out each thread's lane from one moment to another; `numbers` learns the stacks."""
        holds, waits = self.holds, self.waits
        some = holds[(holds["dropped"] > start) & (holds["taken"] < end)]
        inside = (waits.end > start) & (waits.start < end)
        threads, starts, ends = waits.thread[inside], waits.start[inside], waits.end[inside]
        order = np.argsort(starts, kind="stable")
        threads, starts, ends = threads[order], starts[order], ends[order]
        lanes = []
        for row in self.recording.rows:
            own, mine = some[some["thread"] == row.row], threads == row.row
            none = np.zeros(int(mine.sum()), np.uint32)
            taken, dropped = np.maximum(own["taken"], start), np.minimum(own["dropped"], end)
            held = self._stretches(taken, dropped, own["stack"], resolution, numbers)
            since, until = np.maximum(starts[mine], start), np.minimum(ends[mine], end)
            waited = self._stretches(since, until, none, resolution, numbers)
            if held or waited:
                lanes.append(Lane(self.recording.names[row.row], held, waited))
        return tuple(lanes)

    def _stretches(
        self,
        start: timeline.Times,
        end: timeline.Times,
        stack: NDArray[np.uint32],
        resolution: int,
        numbers: dict[int, int],
    ) -> tuple[Stretch, ...]:
        return tuple(
            Stretch(
                self._since_start(first),
                self._since_start(last),
                share,
                numbers.setdefault(number, len(numbers)),
            )
            for first, last, share, number in timeline.joined(start, end, stack, resolution)
        )


def conclude(recording: Recording, program: str, exit_code: int | None = None) -> WatchResult:
    """Work out the result of a recording, and free what the C kept for it."""
    try:
        return Conclusions(recording).result(program, exit_code)
    finally:
        handovers.forget()
