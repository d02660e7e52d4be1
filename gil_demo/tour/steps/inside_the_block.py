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
    PyFloat_FromDouble gets the memory for the float from the interpreter, and finds the
    interpreter through the thread state. BEGIN took that away, so it reads through a null
    pointer. A thread state says which interpreter a thread runs, where in its Python code it
    is, and which exception is set.

Remember:
    Inside: plain C, and memory that stays. Everything else is for after END.

Misconception:
    The GIL is only a lock, so a call without it is harmless while nobody else runs. But BEGIN
    also detached the thread state: the call looks for one and finds none, or on 3.11 perhaps
    another thread's.

Ask:
    Which of these would pass all tests on a quiet machine, and fail a year later?

Reply:
    Those that ended in wrong-value: taking references, and reading the array's shape. Alone
    they work; they fail only if another thread uses the same object at that moment. The
    others fail whenever C comes to that line, so a test that comes there finds them; a return
    without END is often on a way that no test takes. A Py_DECREF in the block belongs to the
    first kind, and fails at once if it drops the last reference: gil-demo show last-reference.

Otherwise:
    Which way the process dies depends on version and build: a signal (crash) or Python's own
    "Fatal Python error" (fatal-error). Both mean: nothing can catch it. "Unfinished": press
    r.

Read more:
    - What BEGIN and END do: https://docs.python.org/3/c-api/threads.html#detaching-thread-state
    - Back for a moment: https://docs.python.org/3/c-api/threads.html#c.Py_BLOCK_THREADS
"""

import sys
from collections.abc import Sequence

from gil_demo.host import machine
from gil_demo.progress import Progress
from gil_demo.results.lesson import Seen, Table
from gil_demo.results.patterns import PatternRow
from gil_demo.tour.trials import not_as_declared, outcome_of, row_of, told_by, try_once
from gil_demo.words import HALVES, Outcome

MINUTES = 4

RIGHT = 3
"""The index of the right answer."""

ASKED = "api-without-gil"

ACTIONS = {
    ASKED: "makes a Python float",
    "refcount-race": "takes references, step by step",
    "header-read": "reads the shape of the array",
    "missing-end": "leaves the block by return",
    "nested-begin": "begins a block in the block",
}
"""The thing that C does inside the block in the unsafe half, by pattern."""

DEATHS: tuple[Outcome, ...] = ("crash", "fatal-error")
"""Outcomes in which a process dies."""


def run(progress: Progress) -> Seen:
    """Do all of it, in child processes."""
    rows = try_once([(name, half) for name in ACTIONS for half in HALVES], progress)
    return judge(rows, gil_enabled=machine.gil_enabled())


def judge(rows: Sequence[PatternRow], *, gil_enabled: bool) -> Seen:
    """Compare the endings with the answers."""
    asked = row_of(rows, ASKED, "unsafe")
    python = f"CPython {sys.version_info[0]}.{sys.version_info[1]}"
    figure = Table(
        ("inside the block C ...", "ended in", "safe half", "pattern"),
        tuple(_cells(rows, name) for name in ACTIONS),
        f"{python if gil_enabled else f'{python} without a GIL'}; others may differ."
        " Races are forced. gil-demo show NAME",
    )
    told = asked.death is not None and asked.death.fatal_error is not None
    remarks = (
        "No: no other thread ran Python, and it went wrong all the same.",
        "No: a fatal error is no exception, and nothing can catch it."
        if told
        else "No: nothing was raised; there was only the signal.",
        "No: nothing in it waits for the GIL; it went on without it.",
        f"Yes: {told_by(asked)}. It needs the thread state that BEGIN detached.",
    )
    died = outcome_of(asked) in DEATHS
    unexpected = not_as_declared(rows, (figure,), remarks if died else ())
    return unexpected or Seen.shown(RIGHT, remarks, (figure,))


def _cells(rows: Sequence[PatternRow], name: str) -> tuple[str, ...]:
    unsafe, safe = (outcome_of(row_of(rows, name, half)) for half in HALVES)
    return ACTIONS[name], unsafe, safe, name
