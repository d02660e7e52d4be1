"""What the events of a function mean for its callers."""

from collections.abc import Sequence
from dataclasses import replace

from gil_demo.check.flow.events import Event, Need, Summary
from gil_demo.check.flow.state import HELD, RELEASED, UNKNOWN, State
from gil_demo.check.source.source import Function


def summarize(function: Function, events: Sequence[Event], exits: set[State]) -> Summary:
    """Return what a call of a function means, from its events and its ways out."""
    need: Need | None = None
    begins: tuple[str, int] | None = None
    here = str(function.source.path)
    for event in events:
        if not event.seen.caller:
            continue
        if event.kind in ("api", "own") and (need is None or need.conditional):
            inner = event.need
            way = ((function.name, here, event.start), *(inner.way if inner else ()))
            conditional = event.seen.conditional or bool(inner and inner.conditional)
            if need is None or not conditional:
                need = Need(inner.name if inner else event.name, way, conditional)
        elif event.kind == "begin" and begins is None:
            begins = (here, event.start)
        elif event.kind == "begins" and begins is None:
            begins = event.detail
    if any(event.kind == "end" and event.seen.caller for event in events):
        begins = None  # it is made for callers that have released the GIL
        need = replace(need, conditional=True) if need is not None else None
    effect = _effect(exits) if exits else ""
    return Summary(need, begins, effect, bool(exits), _calls_released(function, events))


def _calls_released(function: Function, events: Sequence[Event]) -> frozenset[int]:
    """Return the positions of the parameters that are called with the GIL released."""
    names = {e.name for e in events if e.kind == "pointer" and e.seen.always}
    return frozenset(at for at, name in enumerate(function.parameters) if name in names)


def _effect(exits: set[State]) -> str:
    """Return what a function does to its caller's GIL, if it is the same on all ways out."""
    ends = set()
    for state in exits:
        if state.gil == UNKNOWN:
            ends.add("unknown")
        elif state.gil == RELEASED:
            ends.add("" if state.entered_released else "release")
        elif (state.gil == HELD and state.entered_released) or any(
            tag == "ensure" for tag, *_ in state.saved
        ):
            ends.add("acquire")
        else:
            ends.add("")
    return ends.pop() if len(ends) == 1 else "unknown"


def combined(summaries: Sequence[Summary]) -> Summary | None:
    """Return what holds whichever of several functions of one name is meant."""
    if len(summaries) < 2:
        return summaries[0] if summaries else None
    first = summaries[0]
    return Summary(
        need=first.need if all(s.need is not None for s in summaries) else None,
        begins=first.begins if all(s.begins is not None for s in summaries) else None,
        effect=first.effect if len({s.effect for s in summaries}) == 1 else "unknown",
        returns=any(s.returns for s in summaries),
        calls_released=frozenset.intersection(*(s.calls_released for s in summaries)),
    )
