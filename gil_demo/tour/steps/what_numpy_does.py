"""Does NumPy do it for me?

Idea:
    NumPy is C, and C keeps the GIL until it releases it. NumPy releases it around most of its
    longer loops over plain numbers. Where the elements are Python objects it cannot, because
    using an object requires the GIL. So it depends on the function and on the dtype, the type
    of the elements, as with any C module. Read its documentation, or ask ``gil-demo probe``,
    which notes when the GIL goes from one thread to another.

Question:
    Four calls: np.sort of float64, np.dot of float64 matrices, np.sum over an array of Python
    objects, list.sort of floats. Which of them keep the ticker out?

Answers:
    - All four: they are C, and C keeps the GIL.
    - None of them: a long call into C releases the GIL.
    - np.sum over the objects, and list.sort.
    - Only list.sort: NumPy always releases the GIL.

Why:
    np.sort and np.dot read plain doubles, and release the GIL. np.sum over objects calls the
    addition of each element, and list.sort compares Python objects: both use objects all the
    time, so neither releases the GIL. These elements are floats, whose addition is C. Where
    it is written in Python, Python answers others that ask for the GIL. The elements decide,
    and not the library.

Remember:
    NumPy releases it in most loops over numbers, in none over objects. Ask gil-demo probe.

Misconception:
    NumPy releases the GIL, so threads make any NumPy code parallel. Most loops over
    numbers release it, but not ``v @ v`` of two vectors; those over objects do not, and
    neither does the Python code between the calls.

Ask:
    A ufunc (a NumPy function that works element by element) keeps the GIL for 500 elements or
    fewer, by NumPy's own choice. Why?

Reply:
    Beside such a short loop, releasing the GIL and taking it back costs much (step 10). And
    at END another thread may have the GIL: then a call of less than a microsecond waits for
    a whole switch interval.

Otherwise:
    "did not release the GIL this time", or "too busy": press r. Where the probe cannot look
    inside the calls, a ticker stands in for it: a tick inside a call, or none, decides.
    An interpreter that runs without its GIL has another answer.

Idea without a GIL:
    NumPy is C. With a GIL it would release it around most of its longer loops over plain numbers,
    and keep it where the elements are Python objects. This interpreter has no GIL. BEGIN and END
    only detach the thread and attach it again. The ticker, beside each call, shows whether that
    makes a difference to others.

Answers without a GIL:
    - All four: they are C.
    - None of them.
    - np.sum over the objects, and list.sort: they use objects.
    - Only list.sort: it locks its list.

Why without a GIL:
    No call has anything that the ticker needs. list.sort locks its own list, and the ticker does
    not use that list. The four still differ: np.sort and np.dot detach, so a collection need
    not wait for them. np.sum over objects stays attached, so a collection waits until it ends.

Remember without a GIL:
    No call keeps others out. One that stays attached can keep a collection waiting (step 3).

Misconception without a GIL:
    Without a GIL all of NumPy is safe to call from any thread. Two calls that write to one array
    still conflict, and here also those over objects, which the GIL used to keep apart.

Ask without a GIL:
    A ufunc (a NumPy function that works element by element) stays attached for 500 elements or
    fewer, by NumPy's own choice. Why?

Reply without a GIL:
    Beside such a short loop, detaching the thread and attaching it again costs much (step 10). And
    it would help nobody: a collection that has to wait for so short a loop hardly waits.

Otherwise without a GIL:
    "Too busy to run the ticker": press r. A tick inside a call decides, and no length of time.

Read more:
    - Thread safety of NumPy: https://numpy.org/doc/stable/reference/thread_safety.html
    - NumPy's macros for releasing the GIL: https://numpy.org/doc/stable/reference/c-api/array.html#threading-support
"""

from collections.abc import Sequence
from dataclasses import replace

from gil_demo import notation
from gil_demo.host import machine
from gil_demo.measuring.switching import traced
from gil_demo.native import handovers
from gil_demo.progress import Progress
from gil_demo.results.lesson import Cell, Seen, Table
from gil_demo.results.watching import ProbeResult
from gil_demo.tour.experiments.operations import (
    OPERATIONS,
    ROUNDS,
    Watched,
    probe_all,
    watch_all,
)

MINUTES = 3

RIGHT = 2
"""The index of the right answer."""

RIGHT_WITHOUT_GIL = 1


def run(progress: Progress) -> Seen:
    """Probe each of the calls, or put a ticker beside it where hand-overs cannot be watched."""
    why_not = handovers.why_not() or ("a watch runs already" if handovers.running() else None)
    if why_not is None:
        return judge_probes(probe_all(progress))
    seen = judge(watch_all(progress), gil_enabled=machine.gil_enabled(), traced=traced())
    return replace(seen, note=f"A ticker stands in for the probe: {why_not}.")


def judge_probes(found: Sequence[ProbeResult]) -> Seen:
    """Compare the hand-overs inside the calls with the answers."""
    figures = (_probe_table(found),)
    unanswered = [f"{one.statement}: {one.reason}" for one in found if one.reason]
    released = [one for one, made in zip(found, OPERATIONS, strict=True) if made.releases]
    held = [one for one, made in zip(found, OPERATIONS, strict=True) if not made.releases]
    if unanswered:
        return Seen.open(unanswered[0], figures)
    if dropped := [one.statement for one in held if not one.holds]:
        return Seen.contradicted(
            f"a call that works on Python objects ({_names(dropped)}) released the GIL,"
            " which must not happen",
            figures,
        )
    if stubborn := [one.statement for one in released if not one.releases]:
        return Seen.open(f"{_names(stubborn)} did not release the GIL this time", figures)
    return Seen.shown(RIGHT, _probe_remarks(released, held), figures)


def _probe_remarks(released: Sequence[ProbeResult], held: Sequence[ProbeResult]) -> tuple[str, ...]:
    sort, dot = released
    objects, _ = held
    longest = min(one.longest_hold_seconds for one in held)
    return (
        f"No: np.sort had it for {sort.held_share:.1%} of its time,"
        f" np.dot for {dot.held_share:.1%}.",
        f"No: two of them had it throughout, for {notation.milliseconds(longest)} and more.",
        "Yes: not one hand-over inside. What they add and compare are Python objects.",
        f"No: np.sum is NumPy, and over objects it kept the GIL for"
        f" {notation.milliseconds(objects.longest_hold_seconds)}.",
    )


def _probe_table(found: Sequence[ProbeResult]) -> Table:
    return Table(
        header=("call", "had the GIL", "longest hold", "one call", "the GIL"),
        rows=tuple(
            (
                one.statement,
                Cell(one.held_share * 100, "%", 1),
                Cell(one.longest_hold_seconds * 1e3, "ms", 2),
                Cell(one.call_ns / 1e6, "ms"),
                "?" if one.state == "inconclusive" else one.state,
            )
            for one in found
        ),
        caption=(
            f"Each called {ROUNDS} times; longest hold: of all of them, one call: a typical one."
            " For a call of your own: gil-demo probe."
        ),
    )


def judge(watched: Sequence[Watched], *, gil_enabled: bool, traced: bool = False) -> Seen:
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
        return Seen.shown(RIGHT_WITHOUT_GIL, _remarks_without_gil(watched), figures)
    if entered := [one for one in held if one.ticks]:
        if traced:
            ticked = f"the ticker ran between the two stamps around {_listed(entered)}"
            return Seen.traced(ticked, figures)
        return Seen.contradicted(
            "the ticker ran during a call that works on Python objects"
            f" ({_listed(entered)}), which must not happen",
            figures,
        )
    return Seen.shown(RIGHT, _remarks(released, held), figures)


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


def _remarks_without_gil(watched: Sequence[Watched]) -> tuple[str, ...]:
    *_, objects, sort = (one.ticks for one in watched)
    return (
        "No: being C keeps nobody out.",
        f"Yes: {min(one.ticks for one in watched):,} ticks or more fell inside each.",
        f"No: {objects:,} ticks fell inside np.sum, {sort:,} inside list.sort.",
        "No: the ticker does not use that list.",
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
    return _names([one.operation.name for one in watched])


def _names(operations: Sequence[str]) -> str:
    return " and ".join(name.partition(",")[0] for name in operations)
