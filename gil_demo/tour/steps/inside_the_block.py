"""What must not happen inside the block.

Idea:
    BEGIN detaches the thread from Python: it releases the GIL, where there is one, and takes
    away the thread state. That is the interpreter's record of one thread, which many C API
    functions look for first. Objects are for attached threads only: reference counts, array
    headers, exceptions. In the block C uses its own variables and memory that stays. If it
    needs Python, it waits for END, or attaches for a moment with ``Py_BLOCK_THREADS``.

Question:
    In the block, C makes one Python float of its result, with PyFloat_FromDouble. No other
    thread runs Python meanwhile. What happens?

Answers:
    - Nothing bad: no other thread is there to conflict with.
    - Python raises an exception: the GIL is not held.
    - The function waits until it has the GIL.
    - The process dies.

Why:
    PyFloat_FromDouble looks for memory for the float, and finds the way there through the thread
    state. BEGIN took that away, so it reads through a null pointer. A thread state says which
    interpreter a thread runs, where in its Python code it is, and which exception is set.

Remember:
    Inside: plain C, and memory that stays. Everything else is for after END.

Misconception:
    The GIL is only a lock, so a call without it is harmless while nobody else runs. But BEGIN
    also detached the thread state: the call looks for one and finds none, or on 3.11 perhaps
    another thread's.

Ask:
    Which of these would pass all tests on a quiet machine, and fail a year later?

Reply:
    Reading the array's shape, and taking references (but a free-threaded build counts them all).
    Alone they work; they fail only if another thread uses the same object at that moment. The
    others fail whenever C comes to that line, so a test that comes there finds them; a return
    without END is often on a way that no test takes. A Py_DECREF in the block belongs to the
    first kind, and fails at once if it drops the last reference: gil-demo show last-reference.

Otherwise:
    Which way the process dies depends on version and build: a signal (crash) or Python's own
    "Fatal Python error" (fatal-error). Both mean: nothing can catch it. "Unfinished": press
    r.

Idea without a GIL:
    BEGIN detaches the thread from Python: it takes away the thread state. That is the
    interpreter's record of one thread, which many C API functions look for first. Objects are for
    attached threads only: reference counts, exceptions. Without a GIL an array's header needs a
    lock, too, if another thread may change it. In the block C uses its own variables and memory
    that stays. If it needs Python, it waits for END, or attaches for a moment with
    ``Py_BLOCK_THREADS``.

Answers without a GIL:
    - Nothing bad: no other thread is there to conflict with.
    - Python raises an exception: the thread is not attached.
    - The function attaches the thread for a moment.
    - The process dies.

Remember without a GIL:
    Inside: plain C, and memory that stays. Everywhere: a lock for what another thread may change.

Misconception without a GIL:
    Without a GIL, a call in the block is harmless. But BEGIN has detached the thread state all the
    same: the call looks for one, and finds none.

Reply without a GIL:
    Reading the array's shape, in the block or outside: alone it works, and it fails only if
    another thread changes the array at that moment. Taking references lost none here, but a
    Py_DECREF in the block fails if it drops the last one: gil-demo show last-reference. The others
    fail whenever C comes to that line, so a test that comes there finds them; a return without END
    is often on a way that no test takes.

Read more:
    - What BEGIN and END do: https://docs.python.org/3/c-api/threads.html#detaching-thread-state
    - Back for a moment: https://docs.python.org/3/c-api/threads.html#c.Py_BLOCK_THREADS
"""

import sys
from collections.abc import Mapping, Sequence

from gil_demo.host import machine
from gil_demo.progress import Progress
from gil_demo.results.lesson import Seen, Table
from gil_demo.results.patterns import PatternRow
from gil_demo.tour.trials import not_as_declared, outcome_of, row_of, told_by, try_once
from gil_demo.words import HALVES, SAFE_WITH_GIL, Outcome

MINUTES = 4

RIGHT = 3
"""The index of the right answer."""

ASKED = "api-without-gil"

REFERENCES = "refcount-race"

ACTIONS = {
    ASKED: "makes a Python float",
    REFERENCES: "takes references, step by step",
    "header-read": "reads the shape of the array",
    "missing-end": "leaves the block by return",
    "nested-begin": "begins a block in the block",
}
"""The thing that C does inside the block in the unsafe half, by pattern."""

WHOLE = "takes references"
"""The thing that it does with them on a free-threaded build: there C calls ``Py_INCREF`` itself."""

ACTIONS_WITHOUT_GIL = {
    ASKED: "makes a Python float in the block",
    REFERENCES: f"{WHOLE} in the block",
    "header-read": "reads the shape, attached",
    "missing-end": "leaves the block by return",
    "nested-begin": "begins a block in the block",
}
"""The thing that C does in the unsafe half where there is no GIL: one of them without a block."""

DEATHS: tuple[Outcome, ...] = ("crash", "fatal-error")
"""Outcomes in which a process dies."""


def run(progress: Progress) -> Seen:
    """Do all of it, in child processes."""
    rows = try_once([(name, half) for name in ACTIONS for half in HALVES], progress)
    return judge(rows, gil_enabled=machine.gil_enabled(), free_threaded=machine.free_threaded())


def judge(rows: Sequence[PatternRow], *, gil_enabled: bool, free_threaded: bool) -> Seen:
    """Compare the endings with the answers."""
    asked = row_of(rows, ASKED, "unsafe")
    done = actions(gil_enabled=gil_enabled, free_threaded=free_threaded)
    figure = Table(
        ("inside the block C ..." if gil_enabled else "C ...", "ended in", "safe half", "pattern"),
        tuple((action, *_cells(rows, name)) for name, action in done.items()),
        _caption(rows, gil_enabled=gil_enabled, free_threaded=free_threaded),
    )
    told = asked.death is not None and asked.death.fatal_error is not None
    remarks = (
        "No: no other thread ran Python, and it went wrong all the same.",
        "No: a fatal error is no exception, and nothing can catch it."
        if told
        else "No: nothing was raised; there was only the signal.",
        "No: nothing in it waits for the GIL; it went on without it."
        if gil_enabled
        else "No: nothing in it attaches a thread; it went on without a thread state.",
        f"Yes: {told_by(asked)}. It needs the thread state that BEGIN detached.",
    )
    died = outcome_of(asked) in DEATHS
    unexpected = not_as_declared(rows, (figure,), remarks if died else ())
    return unexpected or Seen.shown(RIGHT, remarks, (figure,))


def actions(*, gil_enabled: bool, free_threaded: bool) -> Mapping[str, str]:
    """Say what C does in the unsafe half of each pattern on such an interpreter."""
    if not gil_enabled:
        return ACTIONS_WITHOUT_GIL
    return ACTIONS | {REFERENCES: WHOLE} if free_threaded else ACTIONS


def _cells(rows: Sequence[PatternRow], name: str) -> tuple[str, ...]:
    unsafe, safe = (outcome_of(row_of(rows, name, half)) for half in HALVES)
    return unsafe, safe, name


def _caption(rows: Sequence[PatternRow], *, gil_enabled: bool, free_threaded: bool) -> str:
    """Name the interpreter, and the safe halves that are safe only where there is a GIL."""
    python = f"CPython {sys.version_info[0]}.{sys.version_info[1]}"
    if free_threaded:
        python += f", a free-threaded build {'with' if gil_enabled else 'without'} a GIL"
    only = [
        f"The safe half of {row.name} is {SAFE_WITH_GIL} only: {row.caveat}."
        for row in rows
        if row.caveat
    ]
    return " ".join(
        [f"{python}; others may differ. Races are forced.", *only, "gil-demo show NAME"]
    )
