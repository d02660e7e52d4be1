"""C calls Python's C API where the GIL is released.

Mechanism:
    Between BEGIN and END another thread may run Python, and this thread has no thread state
    attached. A function of the C API that changes a reference count, allocates or raises an
    exception then works on data that somebody else is changing, or looks for a thread state and
    finds none. The call may be in the block itself, in a macro, or in a function of this project
    that the block calls, in whatever file.

    What happens differs by function and version, as the runs show: each call was made without
    the GIL in a process of its own. No other thread ran, so a call that passes may be a race.

Not found:
    Calls through pointers and of C++ methods are not followed. Copies and destructors of
    ``py::object`` in C++ are not seen: pybind11's PYBIND11_ASSERT_GIL_HELD_INCREF_DECREF finds
    these while the program runs. Where a function needs the GIL for some values of its arguments
    only, a call of it is advice, because the values are not computed. So is a call where the code
    asks for Python's objects, as in ``type_num == NPY_OBJECT``, and releases on some ways only: it
    mostly keeps the GIL for objects.

Sources:
    - https://docs.python.org/3/c-api/threads.html#detaching-thread-state
    - https://docs.python.org/3/c-api/memory.html#overview (which domain needs the GIL)
    - https://numpy.org/doc/stable/reference/c-api/iterator.html (``errmsg`` of ``NpyIter_Reset``)
"""

from collections.abc import Iterator

from gil_demo.check.flow.events import Event, Flow
from gil_demo.check.rule import CheckedFile, Found, chain, level_of
from gil_demo.words import Level

LEVEL: Level = "error"
FLAGS = ("api_without_gil", "last_reference", "refcount_race")
RUNS = "without_gil.json"
INSTEAD = "Make the call after END, or between Py_BLOCK_THREADS and Py_UNBLOCK_THREADS."

PAGES = {
    "Py_DECREF": "last-reference",
    "Py_XDECREF": "last-reference",
    "Py_CLEAR": "last-reference",
    "Py_SETREF": "last-reference",
    "Py_XSETREF": "last-reference",
    "Py_INCREF": "refcount-race",
    "Py_XINCREF": "refcount-race",
    "Py_NewRef": "refcount-race",
    "Py_XNewRef": "refcount-race",
}
"""The patterns that show what a change of a reference count does here."""

NEEDS_MESSAGE = "Pass a non-NULL errmsg, and raise the error after END."


def find(file: CheckedFile) -> Iterator[Found]:
    """Find calls that are reached with the GIL released."""
    for flow, event in file.where_released("api", "own", "looks-like-api"):
        yield _found(flow, event)


def _found(flow: Flow, event: Event) -> Found:
    since = min(event.seen.released)
    conditional = event.need is not None and event.need.conditional
    level = level_of(event, event.seen.always and event.kind != "looks-like-api")
    if conditional:
        level = "advice"
    some = "" if event.seen.always else ", which is released on some ways to here"
    if event.seen.doubtful:
        some += ", unless it is kept for Python's objects"
    if event.kind == "own" and event.need is not None:
        if event.need.way:
            when = " for some values of its arguments" if conditional else ""
            reaches = f"because it reaches {event.need.name}{some}"
            message = f"{event.name} needs the GIL{when}, {reaches}."
        else:
            message = f"{event.name} needs the GIL, as the settings say{some}."
    elif event.kind == "looks-like-api":
        message = (
            f"{event.name} looks like a function of Python's C API, which needs the GIL{some}."
        )
    elif event.name.startswith("NpyIter_"):
        message = f"{event.name} may raise an exception here, which needs the GIL{some}."
    else:
        message = f"{event.name} needs the GIL{some}."
    return Found(
        flow,
        event.start,
        event.stop,
        level,
        message,
        ("reference counts" if event.name in PAGES else event.name, level == "error" and since),
        since,
        chain(event),
        NEEDS_MESSAGE if event.name.startswith("NpyIter_") else "",
        PAGES.get(event.name, ""),
    )
