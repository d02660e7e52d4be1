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

from gil_demo.check.flow.events import Event, Flow
from gil_demo.check.rule import CheckedFile, Found, destroys
from gil_demo.check.source.source import Function, Source
from gil_demo.results.check import Level

LEVEL: Level = "warning"
FLAGS = ("lock_order",)
INSTEAD = "Unlock before END, and release the GIL around each call that waits for the lock."


def find(file: CheckedFile) -> Iterator[Found]:
    """Find a lock that is kept through END and awaited with the GIL elsewhere."""
    kept = [(f, e) for f in file.flows for e in f.events if e.kind == "end-with-lock"]
    for flow, event in kept:
        if not _is_shared(file.source, flow, event.name):
            continue
        other = _awaited(file, event)
        if other is None:
            continue
        path = str(file.source.path)
        way = (
            (path, event.detail, f"{event.name} is locked"),
            (path, event.start, "the GIL is taken back while it is locked"),
            (path, other, f"elsewhere {event.name} is awaited with the GIL held"),
        )
        message = f"One thread waits for the GIL with {event.name} locked, another the other way."
        yield Found(flow, event.start, event.stop, "warning", message, (event.name,), None, way)


def _awaited(file: CheckedFile, event: Event) -> int | None:
    """Return where the same lock is awaited by a thread that has the GIL, if anywhere."""
    for function in file.source.functions:
        if event.name.rpartition(">")[2] not in function.body or _has_it_alone(
            function, event.name
        ):
            continue
        for flow in file.project.flows(function):
            for other in flow.events:
                if other.kind == "lock" and other.name == event.name:
                    holds = other.seen.held or (other.seen.caller and not _takes_back(flow))
                    if holds:
                        return other.start
    return None


def _has_it_alone(function: Function, lock: str) -> bool:
    """Tell whether no other thread can have a lock: it is new here, or its object goes."""
    made = re.search(rf"{re.escape(lock)}\s*=\s*PyThread_allocate_lock\b", function.body)
    return made is not None or ("->" in lock and destroys(function))


def _takes_back(flow: Flow) -> bool:
    """Tell whether a function takes the GIL first, so that it was entered without it."""
    first = next((e for e in flow.events if e.kind in ("begin", "end")), None)
    return first is not None and first.kind == "end"


def _is_shared(source: Source, flow: Flow, lock: str) -> bool:
    """Tell whether a lock's name means the same lock in other functions."""
    if "->" in lock or "." in lock:
        return True
    if lock in flow.function.parameters:
        return False
    return (
        re.search(rf"^[^\n(){{}}]*\b{re.escape(lock)}\b[^\n(){{}}]*(?:=|;)", source.code, re.M)
        is not None
    )
