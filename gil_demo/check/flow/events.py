"""Events: what the ways through a function come to, which the rules judge."""

from dataclasses import dataclass, field
from typing import Any

from gil_demo.check import facts
from gil_demo.check.flow.state import CALLER, HELD, RELEASED, State
from gil_demo.check.source.source import Function


@dataclass(frozen=True, slots=True)
class Need:
    """Why a function needs the GIL: the API function that it reaches, and the way there."""

    name: str
    way: tuple[tuple[str, str, int], ...]
    conditional: bool = False


@dataclass(frozen=True, slots=True)
class Summary:
    """What calling a function means for the caller's GIL.

    ``calls_released`` has the positions of the parameters that it calls with the GIL released.
    """

    need: Need | None = None
    begins: tuple[str, int] | None = None
    effect: str = ""
    returns: bool = True
    calls_released: frozenset[int] = frozenset()


@dataclass(slots=True)
class Seen:
    """In which states a place was reached.

    ``doubtful`` says that all ways with the GIL released are in doubt, and ``conditional`` that
    the value of a parameter decides whether the caller's GIL is needed.
    """

    released: set[int] = field(default_factory=set)
    held: bool = False
    caller: bool = False
    conditional: bool = True
    doubtful: bool = True
    since: set[int] = field(default_factory=set)

    def add(self, state: State, parameters: dict[str, bool]) -> None:
        """Note one more state; an unknown one says nothing."""
        if state.gil == RELEASED:
            self.released.add(state.since)
            self.doubtful = self.doubtful and state.doubtful
        elif state.gil == HELD:
            self.held = True
            self.since.add(state.since)
        elif state.gil == CALLER:
            self.caller = True
            if not facts.decided_by(state.facts, parameters):
                self.conditional = False

    @property
    def always(self) -> bool:
        """Tell whether the GIL was released on all ways that lead here."""
        return bool(self.released) and not (self.held or self.caller)


@dataclass(slots=True)
class Event:
    """Something at a place in a function.

    Attributes:
        kind: ``api``, ``own``, ``looks-like-api``, ``read``, ``begin``, ``begins``, ``end``,
            ``maybe-end``, ``exit``, ``exit-ensured``, ``pointer``, ``lock`` or ``end-with-lock``.
        name: The function, the switch or the way out.
        start: Offset in the file.
        stop: Offset of its end.
        seen: The states that reach it.
        need: For ``own``: why it needs the GIL.
        detail: For ``begins``: the file and offset of the other BEGIN. For ``end-with-lock``: where
            it was locked. For ``exit-ensured``: where each Ensure stands that is not released.
        loop: Whether a loop of the function surrounds it.
    """

    kind: str
    name: str
    start: int
    stop: int
    seen: Seen
    need: Need | None = None
    detail: Any = None
    loop: bool = False


@dataclass(frozen=True, slots=True)
class Switch:
    """What released the GIL or took it back; ``paired`` if END must be in the same function."""

    name: str
    paired: bool = False


@dataclass(slots=True)
class Flow:
    """What the ways through one reading of a function come to."""

    function: Function
    events: list[Event]
    regions: list[tuple[int, int, int, bool]]
    switches: dict[int, Switch]
    understood: bool
    blocks: int
    summary: Summary
