"""Release the GIL.

Idea:
    Two lines more around the same loop. Py_BEGIN_ALLOW_THREADS, BEGIN for short, releases the
    GIL. Py_END_ALLOW_THREADS, END, waits until the thread can take it back. The C between
    them is the block. There C may touch no Python object, but may use memory that stays,
    such as an array's elements. For comparison the same C runs on native threads, which
    Python does not know.

Question:
    Two threads call this C at the same moment. How many calls are in the loop at once, at most?

Answers:
    - One: there is still only one interpreter.
    - Two: nothing keeps the second one out.
    - It depends: two at once need two cores.

Why:
    Once the first thread is past BEGIN, nobody holds the GIL. The second takes it, enters C
    and releases it too. Both are in the loop until they come to END. On one core they take
    turns, and still both are inside: a call that loses its core halfway has not left.

Remember:
    Released C runs beside everything else. The machine decides how fast.

Misconception:
    Two threads that have released the GIL are twice as fast. They are as fast as the machine
    lets any two threads be: look at the row of native threads.

Ask:
    If the speed-up were 1.0x, would that prove that the GIL was held?

Reply:
    No. Two threads can be in the loop at once and gain nothing, because they share one core
    or wait for the same memory. Peak inside decides: 2 is possible only if the GIL was
    released.

Otherwise:
    Speed-up near 1x: compare with the native threads. Where they gain nothing, the machine
    had no second core to give. If the page says that others took the cores, any row can be off,
    held and native ones too, and the ticker can stand still because no core is left: then only
    peak inside counts. "Never met": press r.

Idea without a GIL:
    Two lines more around the same loop. Py_BEGIN_ALLOW_THREADS, BEGIN for short, detaches the
    thread. Py_END_ALLOW_THREADS, END, attaches it again. The C between them is the block.
    There C may touch no Python object, but may use memory that stays, such as an array's
    elements. For comparison the same C runs on native threads, which Python does not know.

Why without a GIL:
    No thread has anything that another one must wait for, inside the block or outside. Both are
    in the loop until they come to END. On one core they take turns, and still both are inside: a
    call that loses its core halfway has not left.

Remember without a GIL:
    C runs beside everything else. The machine decides how fast.

Misconception without a GIL:
    Two threads without a GIL are twice as fast. They are as fast as the machine lets any two
    threads be: look at the row of native threads.

Ask without a GIL:
    If held calls meet as well, what is the block for?

Reply without a GIL:
    For others that need all threads to stand still: a collection waits for each thread that is
    attached, and not for one in the block (step 3).

Read more:
    - What BEGIN and END do: https://docs.python.org/3/c-api/threads.html#detaching-thread-state
    - What cffi does around each call: https://cffi.readthedocs.io/en/stable/ref.html#conversions
"""

import os
from collections.abc import Iterable
from dataclasses import replace

from gil_demo import arrays, notation
from gil_demo.host import machine
from gil_demo.limits import DEFAULT_SIZE
from gil_demo.measuring.measure import measure
from gil_demo.measuring.others import doubt
from gil_demo.measuring.picture import record_meeting
from gil_demo.measuring.plan import Plan
from gil_demo.measuring.race import run_race
from gil_demo.measuring.spans import peak_inside
from gil_demo.progress import Progress
from gil_demo.results.lesson import Cell, Code, Lanes, Seen, Table
from gil_demo.results.run import Measured, ScalingRow
from gil_demo.tour.excerpt import excerpt
from gil_demo.words import Mode

MINUTES = 3

RIGHT = 1
"""The index of the right answer."""

THREADS = 2
ROUNDS = 3


def code() -> Code:
    """Show the loop with its two lines more."""
    gil = machine.gil_enabled()
    return excerpt(
        ("double total", ""),
        ("Py_BEGIN", "releases the GIL" if gil else "detaches the thread"),
        ("data[i]", "the block"),
        ("Py_END", "takes the GIL back" if gil else "attaches it again"),
        ("return", ""),
    )


def run(progress: Progress) -> Seen:
    """Race two calls, held, released and native, and count how many were inside together.

    If released ones have not met, race longer ones. Then race two where both share one core.
    """
    plan = Plan.calibrated(
        arrays.make(DEFAULT_SIZE, 0),
        "sum",
        (THREADS,),
        ROUNDS,
        0,
        frozenset({"picture", "scaling"}),
    )
    result = measure(plan, progress)
    if _peak(result) < THREADS:
        result = replace(result, picture=(result.picture[0], record_meeting(plan, "released")))
    return judge(result, peak_on_one_core(plan))


def peak_on_one_core(plan: Plan) -> int | None:
    """Count the calls inside at once on one core; None where a thread cannot be kept there.

    The threads of a race inherit the cores of the one that starts them.
    https://man7.org/linux/man-pages/man2/sched_setaffinity.2.html
    """
    if not hasattr(os, "sched_setaffinity"):
        return None
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        return peak_inside(run_race("released", plan.kernel, plan.work(THREADS), plan.passes).spans)
    finally:
        os.sched_setaffinity(0, cores)


def judge(result: Measured, peak_on_one: int | None) -> Seen:
    """Say what a run's figures say about the answers."""
    released, native = (_row(result, mode) for mode in ("released", "native"))
    peak = _peak(result)
    environment = result.environment
    figures = (
        Lanes(result.picture[1:], environment.gil_enabled),
        _table((row for row in result.scaling if row.threads == THREADS), peak_on_one),
    )
    if peak < THREADS:
        return Seen.open(
            "the machine was too busy to run both threads before one was done: please run it again",
            figures,
            ("In this run they never met.",) * 3,
        )
    speed, native_speed = (notation.ratio(row.speedup.median) for row in (released, native))
    where = ", in the picture" if released.peak_inside.max < peak else ""
    if result.picture[1].peak_inside < peak:
        where = ", in a race of the table"
    cores = notation.count(environment.cores, "core")
    return Seen.shown(
        RIGHT,
        (
            f"No: {peak} were inside at one moment{where}.",
            f"Yes. On {cores}, speed-up {speed}; native threads {native_speed}.",
            "No: on one core, too, both were inside at once." if peak_on_one == THREADS else "",
        ),
        figures,
        note=doubt(environment, result.scaling),
    )


def _peak(result: Measured) -> int:
    """Count the released calls inside at once, at most, in the picture and in the table's races."""
    _, drawn = result.picture
    return max(drawn.peak_inside, _row(result, "released").peak_inside.max)


def _row(result: Measured, mode: Mode) -> ScalingRow:
    (row,) = (row for row in result.scaling if row.gil == mode and row.threads == THREADS)
    return row


def _table(rows: Iterable[ScalingRow], peak_on_one: int | None) -> Table:
    """Tabulate speed-up and peak inside of two threads, by mode, and released on one core."""
    cells = [(row.gil, Cell.of(row.speedup, "x", 2), Cell(row.peak_inside.max)) for row in rows]
    on_one = [] if peak_on_one is None else [("on one core", None, Cell(peak_on_one))]
    return Table(("two threads", "speed-up", "peak inside"), (*cells, *on_one))
