"""States: where a way through a function stands, and how ways are joined."""

from collections.abc import Iterable
from typing import NamedTuple

from gil_demo.check.facts import Fact, Facts

CALLER, HELD, RELEASED, UNKNOWN = "caller", "held", "released", "unknown"

MAX_STATES = 24

OBJECTS_ASKED: Fact = ("(objects)", 1)
"""What a way keeps that is taken with the GIL released although its data are Python's objects.

Code that keeps the GIL on some ways mostly keeps it for objects, so such a way is in doubt.
"""


class State(NamedTuple):
    """Where a way through the function stands.

    ``saved`` has, for each ``PyGILState_Ensure`` or guard object, what was before it.
    """

    gil: str = CALLER
    since: int = -1
    entered_released: bool = False
    saved: tuple[tuple[str, int, str, int, int], ...] = ()
    locks: tuple[tuple[str, int], ...] = ()
    facts: Facts = frozenset()

    @property
    def doubtful(self) -> bool:
        """Tell whether this way is probably never taken with the GIL released."""
        return self.gil == RELEASED and OBJECTS_ASKED in self.facts


States = tuple[State, ...]


class TooMuch(Exception):
    """More ways or deeper statements than are followed."""


def joined(states: Iterable[State]) -> States:
    """Join the states that agree on the GIL; keep what is known of conditions on all ways."""
    known: dict[State, Facts] = {}
    none: Facts = frozenset()
    for state in states:
        key = state._replace(facts=none) if state.facts else state
        known[key] = known[key] & state.facts if key in known else state.facts
    if len(known) > MAX_STATES:
        raise TooMuch
    return tuple(key._replace(facts=its) if its else key for key, its in known.items())
