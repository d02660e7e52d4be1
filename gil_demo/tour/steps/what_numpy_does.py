"""Does NumPy do it for me?

Idea:
    NumPy is C, and C keeps the GIL until it releases it. NumPy releases the GIL around most
    of its longer loops over plain numbers. Where the elements are Python objects it cannot,
    because using an object requires the GIL. So it depends on the function and on the dtype,
    as with any module written in C. Read its documentation, or put a ticker beside the call:
    while a call keeps the GIL, no other thread can tick.

Question:
    Four calls: np.sort of float64, np.dot of float64 matrices, np.sum over an array of Python
    objects, list.sort of floats. Which of them keep the ticker out?

Answers:
    - All four: they are C, and C keeps the GIL.
    - None of them: a long call into C releases the GIL.
    - np.sum over the objects, and list.sort.
    - Only list.sort: NumPy always releases the GIL.

Remember:
    NumPy releases the GIL for numbers, not for objects. If in doubt, put a ticker beside it.

Misconception:
    NumPy releases the GIL, so threads make any NumPy code parallel. Many operations on
    numbers release it; those on dtype object do not, and neither does the Python code between
    the calls.

Ask:
    A ufunc's loop over 500 elements or fewer keeps the GIL, by NumPy's own choice. Why?

Read more:
    - Thread safety of NumPy: https://numpy.org/doc/stable/reference/thread_safety.html
    - NumPy's macros for releasing the GIL: https://numpy.org/doc/stable/reference/c-api/array.html#threading-support
"""

from collections.abc import Sequence

from gil_demo import notation
from gil_demo.host import machine
from gil_demo.measuring.progress import Progress
from gil_demo.results.lesson import Cell, Seen, Table
from gil_demo.tour.experiments.operations import ROUNDS, Watched, watch_all

MINUTES = 3


def run(progress: Progress) -> Seen:
    """Put the ticker beside each of the calls, a few times."""
    return judge(watch_all(progress), gil_enabled=machine.gil_enabled())


def judge(watched: Sequence[Watched], *, gil_enabled: bool) -> Seen:
    """Compare the ticks inside the calls with the answers."""
    released = [one for one in watched if one.operation.releases]
    held = [one for one in watched if not one.operation.releases]
    silent = [one for one in (released if gil_enabled else watched) if not one.ticks]
    figures = (_table(watched, gil_enabled, could_tick=not silent),)
    if silent:
        who = _listed(silent)
        return Seen.open(
            f"the machine was too busy to run the ticker beside {who}: please run it again", figures
        )
    if not gil_enabled:
        fewest = min(one.ticks for one in watched)
        return Seen.open(
            "this interpreter runs without a GIL, so no call can keep it from others",
            figures,
            ("", f"Here, yes: {fewest:,} ticks or more fell inside each."),
        )
    if entered := [one for one in held if one.ticks]:
        return Seen.contradicted(
            "the ticker ran during a call that works on Python objects"
            f" ({_listed(entered)}), which must not happen",
            figures,
        )
    return Seen.shown(2, _remarks(released, held), figures)


def _remarks(released: Sequence[Watched], held: Sequence[Watched]) -> tuple[str, ...]:
    sort, dot = released
    objects, _ = held
    stall_ms = min(one.longest_stall_seconds for one in held) * 1e3
    return (
        f"No: {sort.ticks:,} ticks fell inside np.sort, {dot.ticks:,} inside np.dot.",
        f"No: two of them let the ticker wait for {stall_ms:.0f} ms and more.",
        "Yes: not one tick fell inside. What they add and compare are Python objects.",
        f"No: np.sum is NumPy, and over objects it kept the GIL for"
        f" {notation.milliseconds(objects.call_seconds)}.",
    )


def _table(watched: Sequence[Watched], gil_enabled: bool, could_tick: bool) -> Table:
    return Table(
        header=("call", "ticks inside", "longest stall", "one call", "the GIL"),
        rows=tuple(
            (
                one.operation.name,
                Cell(one.ticks),
                Cell(one.longest_stall_seconds * 1e3, "ms", 1),
                Cell(one.call_seconds * 1e3, "ms"),
                _what_it_does(one, could_tick) if gil_enabled else "none",
            )
            for one in watched
        ),
        caption=f"Each called {ROUNDS} times. A stall lasts until the ticker has a core again.",
    )


def _what_it_does(one: Watched, could_tick: bool) -> str:
    """Say what the call does with the GIL; no tick says nothing if the ticker could not run."""
    if one.ticks:
        return "releases"
    return "keeps" if could_tick else "?"


def _listed(watched: Sequence[Watched]) -> str:
    return " and ".join(one.operation.name.partition(",")[0] for one in watched)
