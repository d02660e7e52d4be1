"""C takes a lock and the GIL in both orders.

Mechanism:
    One thread holds the lock and waits for the GIL, because END stands before the unlock.
    Another holds the GIL and waits for the lock, because it locks without releasing first. Each
    waits for what the other has, for ever. Both places are needed, so both are printed.

Not found:
    A lock that has another name in each of the two places, as a parameter does. Locks inside
    C++ libraries.

Sources:
    - https://docs.python.org/3/howto/free-threading-extensions.html#thread-state-and-gil-apis
    - https://pybind11.readthedocs.io/en/stable/advanced/deadlock.html
"""

import re
from collections.abc import Iterator

from gil_demo.check.bodies import NAME
from gil_demo.check.flow.events import Flow
from gil_demo.check.rule import CheckedFile, Found, destroys
from gil_demo.words import Level

LEVEL: Level = "warning"
FLAGS = ("lock_order",)
INSTEAD = "Unlock before END, and release the GIL around each call that waits for the lock."

MADE = re.compile(r"(?<![\w.>-])([\w.>-]+)\s*=\s*PyThread_allocate_lock\b")
"""A lock that is new: no other thread can have it."""
OUTSIDE = re.compile(r"^[^\n(){}]*(?:=|;)", re.MULTILINE)


def find(file: CheckedFile) -> Iterator[Found]:
    """Find a lock that is kept through END and awaited with the GIL elsewhere."""
    kept = [(f, e) for f in file.flows for e in f.events if e.kind == "end-with-lock"]
    if not kept:
        return
    awaited = _awaited(file, {event.name for _, event in kept})
    globals_ = _named_outside_parentheses(file.source.code)
    for flow, event in kept:
        other = awaited.get(event.name)
        if other is None or not _is_shared(flow, event.name, globals_):
            continue
        path = str(file.source.path)
        way = (
            (path, event.detail, f"{event.name} is locked"),
            (path, event.start, "the GIL is taken back while it is locked"),
            (path, other, f"elsewhere {event.name} is awaited with the GIL held"),
        )
        message = f"One thread waits for the GIL with {event.name} locked, another the other way."
        yield Found(flow, event.start, event.stop, "warning", message, (event.name,), None, way)


def _awaited(file: CheckedFile, locks: set[str]) -> dict[str, int]:
    """Return where each of some locks is first awaited by a thread that has the GIL."""
    found: dict[str, int] = {}
    last_names = {lock.rpartition(">")[2].rpartition(".")[2] for lock in locks}
    for function in file.source.functions:
        if last_names.isdisjoint(NAME.findall(function.body)):
            continue
        made = {"".join(name.split()) for name in MADE.findall(function.body)}
        goes = destroys(function)
        for flow in file.project.flows(function):
            for event in flow.events:
                if event.kind != "lock" or event.name not in locks or event.name in found:
                    continue
                alone = event.name in made or (goes and "->" in event.name)
                held = event.seen.held or (event.seen.caller and not _takes_back(flow))
                if held and not alone:
                    found[event.name] = event.start
    return found


def _takes_back(flow: Flow) -> bool:
    """Tell whether a function takes the GIL first, so that it was entered without it."""
    first = next((e for e in flow.events if e.kind in ("begin", "end")), None)
    return first is not None and first.kind == "end"


def _is_shared(flow: Flow, lock: str, globals_: frozenset[str]) -> bool:
    """Tell whether a lock's name means the same lock in other functions."""
    if "->" in lock or "." in lock:
        return True
    return lock not in flow.function.parameters and not globals_.isdisjoint(NAME.findall(lock))


def _named_outside_parentheses(code: str) -> frozenset[str]:
    """Return the names of the lines that may declare a variable of the file."""
    lines = OUTSIDE.findall(code)
    return frozenset(name for line in lines for name in NAME.findall(line))
