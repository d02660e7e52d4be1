"""Calls that are only wrong because they stand on a way out without END: its stations.

One mistake makes one finding. Where a function is left with the GIL released, the calls that
are reached on that way are told as stations of the way out, and not by themselves.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable

from gil_demo.check.flow.events import Event, Flow

CALLS = ("api", "own", "begins")
"""Events that are wrong where the GIL is released."""


def leaves_released(flow: Flow, event: Event) -> bool:
    """Tell whether a way out leaves with the GIL released that this function must take back."""
    return event.kind == "exit" and any(
        since in flow.switches and flow.switches[since].paired for since in event.seen.released
    )


class Stations:
    """The calls and the ways out of a function, by where the GIL was released."""

    def __init__(self, flow: Flow) -> None:
        """Begin with the events of a function, which are in the order of its text."""
        exits = [event for event in flow.events if leaves_released(flow, event)]
        self._exits = _by_release(exits)
        self._ends = _by_release(event for event in flow.events if event.kind == "end")
        self._maybe = _by_release(event for event in flow.events if event.kind == "maybe-end")
        self._all_ends = [event.start for event in flow.events if event.kind == "end"]
        calls = [event for event in flow.events if event.kind in CALLS] if exits else []
        self._calls = _by_release(calls)
        self._excused = {id(call) for call in calls if self._is_station(call)}

    def excuses(self, call: Event) -> bool:
        """Tell whether a call is a station on some way out."""
        return id(call) in self._excused

    def before(self, out: Event) -> list[Event]:
        """Return the stations that stand before a way out, the first call of each name."""
        calls = {
            call.start: call
            for since in out.seen.released
            for call in self._calls.get(since, ())
            if call.start < out.start and self._leads_to(call, out)
        }
        named: dict[str, Event] = {}
        for _, call in sorted(calls.items()):
            named.setdefault(call.name, call)
        return list(named.values())

    def _is_station(self, call: Event) -> bool:
        """Tell whether a call leads to any way out; of those behind it the nearest and the last."""
        for since in call.seen.released:
            exits = self._exits.get(since)
            if exits:
                at = bisect_right(exits, call.start, key=lambda event: event.start)
                for index in {max(at - 1, 0), min(at, len(exits) - 1), len(exits) - 1}:
                    if self._leads_to(call, exits[index]):
                        return True
        return False

    def _leads_to(self, call: Event, out: Event) -> bool:
        """Tell whether a call is a station on a way out, and not a cause of its own.

        So is a call behind the textual END that is reached with the GIL released, and one that
        is reached so on some ways only. Where there is no END at all, everything behind BEGIN
        is, and where END stands in branches, as NumPy's does, what no END separates from the
        way out.
        """
        since = min(call.seen.released)
        ends, maybe = self._ends.get(since), self._maybe.get(since)
        if out.start <= call.start < out.stop or not (ends or maybe):
            return True
        if call.start > out.start:
            return False
        if maybe and not ends:
            at = bisect_right(maybe, call.start, key=lambda event: event.start)
            return at == len(maybe) or maybe[at].start >= out.start
        at = bisect_right(self._all_ends, since)
        behind = at < len(self._all_ends) and self._all_ends[at] < call.start
        return behind or not call.seen.always


def _by_release(events: Iterable[Event]) -> dict[int, list[Event]]:
    """Return events by each place where the GIL was released before."""
    found: dict[int, list[Event]] = defaultdict(list)
    for event in events:
        for since in event.seen.released:
            found[since].append(event)
    return dict(found)
