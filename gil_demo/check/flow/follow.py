"""Follows all ways through one reading of a function."""

from gil_demo.check.flow.code import has_error, parsed, with_semicolons
from gil_demo.check.flow.effort import MAX_BODY, Effort
from gil_demo.check.flow.events import Flow, Summary
from gil_demo.check.flow.state import RELEASED, State, States, TooMuch
from gil_demo.check.flow.statements import MAX_PASSES, Statements
from gil_demo.check.flow.summary import summarize
from gil_demo.check.flow.world import World
from gil_demo.check.grammar import HEAD
from gil_demo.check.source.source import Function


def follow(function: Function, body: str, world: World, effort: Effort, depth: int = 0) -> Flow:
    """Follow all ways through one reading of a function."""
    not_read = Flow(function, [], [], {}, False, 0, Summary())
    if effort.exhausted or len(body) > MAX_BODY:
        return not_read
    walk = Statements(function, body, world, effort, depth)
    try:
        with effort.function():
            _run(walk)
    except (TooMuch, RecursionError):
        return not_read
    return _flow(walk)


def _run(walk: Statements) -> None:
    base = walk.function.opening - len(HEAD)
    text = with_semicolons(walk.body, walk.world.statement_macros())
    code = parsed(HEAD + text, lambda at: base + at, 0, walk.source.cpp, walk.world, walk.effort)
    block = code.block
    nodes = code.root.children if block is None else [block]
    walk.whole = not has_error(code.root)
    start = State()
    handed_to = walk.function.handed_to
    if walk.function.runs_released and handed_to is not None:
        walk.switched(handed_to.offset, handed_to.name)
        start = State(RELEASED, handed_to.offset, entered_released=True)
    for _ in range(MAX_PASSES):
        before = {label: set(states) for label, states in walk.gotos.items()}
        states: States = (start,)
        for node in nodes:
            states = walk.statement(code, node, states)
        if before == walk.gotos or not walk.gotos:
            break
    end = walk.function.closing - 1
    walk.leave("end", end, end + 1, states)


def _flow(walk: Statements) -> Flow:
    """Return what a walk has found."""
    blocks = sum(1 for event in walk.events.values() if event.kind == "begin")
    events = sorted(walk.events.values(), key=lambda event: event.start)
    regions = [(*span, *its) for span, its in sorted(walk.regions.items())]
    summary = summarize(walk.function, events, walk.exits)
    return Flow(walk.function, events, regions, walk.switches, walk.whole, blocks, summary)
