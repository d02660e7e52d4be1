"""The base of the interpreter: what it has seen, and where it stands."""

import re
from bisect import bisect_left
from typing import Any

from gil_demo.check.flow.code import Code
from gil_demo.check.flow.effort import Effort
from gil_demo.check.flow.events import Event, Seen, Switch
from gil_demo.check.flow.state import RELEASED, UNKNOWN, State, States
from gil_demo.check.flow.world import World
from gil_demo.check.source.source import Function


class Walk:
    """One walk through one reading of a function."""

    def __init__(
        self, function: Function, body: str, world: World, effort: Effort, depth: int
    ) -> None:
        """Begin before the function's first statement."""
        self.function = function
        self.source = function.source
        self.world = world
        self.effort = effort
        self.depth = depth
        self.body = body
        self.events: dict[tuple[str, int, str], Event] = {}
        self.regions: dict[tuple[int, int], tuple[int, bool]] = {}
        self.switches: dict[int, Switch] = {}
        self.kept_in: dict[int, str] = {}
        self.exits: set[State] = set()
        self.gotos: dict[str, set[State]] = {}
        self.breaks: list[set[State]] = []
        self.continues: list[set[State]] = []
        self.thrown: list[set[State]] = []
        self.nesting = 0
        self.scope = 0
        self.loops = 0
        self.guards: dict[str, str] = {}
        self.whole = True
        self.pointers = set(re.findall(r"\(\s*\*\s*(?:const\s+)?([A-Za-z_]\w*)\s*\)", body))

    def note(
        self, kind: str, name: str, span: tuple[int, int], states: States, **more: Any
    ) -> Event:
        """Note that states reach a place where something happens."""
        key = (kind, span[0], name)
        event = self.events.get(key)
        if event is None:
            event = Event(kind, name, *span, Seen(), loop=self.loops > 0, **more)
            self.events[key] = event
        for state in states:
            event.seen.add(state, self.function.parameters)
        return event

    def leave(self, kind: str, start: int, stop: int, states: States) -> None:
        """Leave the function: guard objects go first."""
        states = tuple(self.unwound(state, 0) for state in states)
        if not states:
            return
        self.exits.update(s._replace(facts=frozenset(), locks=()) for s in states if not s.doubtful)
        meant = (s for s in states if not (s.gil == RELEASED and s.entered_released))
        self.note("exit", kind, (start, stop), tuple(meant))
        ensured = tuple(s for s in states if any(tag == "ensure" for tag, *_ in s.saved))
        event = self.note("exit-ensured", kind, (start, stop), ())
        event.detail = {
            *(event.detail or ()),
            *(place for s in ensured for tag, _, _, _, place in s.saved if tag == "ensure"),
        }
        if len(ensured) < len(states):
            event.seen.held = True

    def unwound(self, state: State, depth: int) -> State:
        """Return the state after the guard objects of a scope and of those in it have gone."""
        saved = list(state.saved)
        gil, since = state.gil, state.since
        while saved and any(tag == "guard" and at >= depth for tag, at, *_ in saved):
            index = max(
                i for i, (tag, at, *_) in enumerate(saved) if tag == "guard" and at >= depth
            )
            _, _, before, its_since, _ = saved.pop(index)
            if gil != UNKNOWN:
                gil, since = before, its_since
        if len(saved) == len(state.saved):
            return state
        return state._replace(gil=gil, since=since, saved=tuple(saved))

    def matters(self, code: Code, start: int, end: int) -> bool:
        """Tell whether anything between two offsets can change a state or is an event."""
        index = bisect_left(code.starts, start)
        return index < len(code.starts) and code.starts[index] < end

    def span_of(self, code: Code, mark: re.Match[str]) -> tuple[int, int]:
        """Return where a mark's name begins and ends in the file."""
        start = code.place(mark.start(2))
        return start, max(code.place(mark.end(2) - 1) + 1, start + 1)

    def region(self, code: Code, start: int, end: int, states: States) -> None:
        """Note a stretch of the function that runs with the GIL released."""
        if code.level or end <= start or not states:
            return
        if all(state.gil == RELEASED for state in states):
            locked = any(state.locks for state in states)
            span = code.place(start), code.place(end - 1) + 1
            self.regions.setdefault(span, (states[0].since, locked))
