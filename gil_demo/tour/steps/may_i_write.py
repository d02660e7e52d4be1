"""May I write?

Idea:
    Two kernels may write to one array at once, if no element is used by both: a slice for
    each thread needs no lock. A cell, one element that both use, is different. Adding to
    it takes a load, an addition and a store, even where it is one instruction, and nothing
    orders these steps between two threads in the block. A reader beside a writer is no better
    off: it can find old and new elements mixed.

Question:
    Two threads, both in the block, add 1 to the same cell, equally often. When both are done,
    what does the cell hold?

Answers:
    - All additions: adding to a number is one instruction.
    - All additions: NumPy lets one thread at a time write to an array.
    - Perhaps fewer: one thread's store can overwrite the other's.

Why:
    Both threads can load the same value, both add 1 to it, and both store the same sum: two
    additions, and the cell is one higher. In the block nothing orders them: no GIL, and no
    lock in NumPy. It is a data race, and C promises nothing about those. The same is true of
    one writer beside one reader: gil-demo show torn-snapshot.

Remember:
    Give each thread a slice or a partial sum of its own, and add up when all are done.

Misconception:
    It was right in a thousand runs, so it is right. Nothing ordered the two threads in those
    runs either; they were lucky, and on another machine they may not be.

Ask:
    How would you make the one cell right, and what would that cost?

Reply:
    With an atomic addition, which C11 has for integers only (for an element of an array:
    gil-demo show lost-update), or with a lock in C around each addition. Both are right, and
    with both the threads take turns at that cell, often slower than one thread alone. Better:
    each thread adds up for itself, and one addition a thread at the end.

Otherwise:
    "Left to chance" often loses nothing. That is luck, and the point of this step: the forced
    row loses in every run. "Too busy to run both kernels": press r.

Idea without a GIL:
    Two kernels may write to one array at once, if no element is used by both: a slice for each
    thread needs no lock. A cell, one element that both use, is different. Adding to it takes a
    load, an addition and a store, even where it is one instruction, and nothing orders these
    steps between two threads, in the block or outside. A reader beside a writer is no better off:
    it can find old and new elements mixed.

Why without a GIL:
    Both threads can load the same value, both add 1 to it, and both store the same sum: two
    additions, and the cell is one higher. Nothing orders them, in the block or outside: no GIL,
    and no lock in NumPy. It is a data race, and C promises nothing about those. The same is true
    of one writer beside one reader: gil-demo show torn-snapshot.

Read more:
    - NumPy and threads that write: https://numpy.org/doc/stable/reference/thread_safety.html
    - Data that C code shares: https://docs.python.org/3/howto/free-threading-extensions.html#protecting-internal-extension-state
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gil_demo import arrays
from gil_demo.limits import DEFAULT_SIZE
from gil_demo.measuring.plan import Plan
from gil_demo.measuring.race import run_race
from gil_demo.measuring.spans import peak_inside
from gil_demo.progress import Progress, part
from gil_demo.results.lesson import Seen, Table
from gil_demo.results.patterns import PatternRow
from gil_demo.tour.trials import not_as_declared, outcome_of, row_of, told_by, told_rows, try_once
from gil_demo.words import Half, Outcome

MINUTES = 3

RIGHT = 2
"""The index of the right answer."""

THREADS = 2
RACES = 4
"""At most: the first in which both kernels were inside is enough. Each lasts twice as long."""

CELLS: dict[tuple[str, Half], str] = {
    ("lost-update", "unsafe"): "one cell, forced to meet",
    ("lost-update", "unforced"): "one cell, left to chance",
    ("lost-update", "safe"): "a cell each",
}
"""What two threads add to, in each half that is run."""


@dataclass(frozen=True, slots=True)
class Slices:
    """The result of kernels that each wrote to a slice of one array, at the same moment."""

    peak_inside: int
    elements: int
    right: int


def run(progress: Progress) -> Seen:
    """Let two kernels write, to a slice each and to one cell."""
    steps = RACES + len(CELLS)
    progress(0, steps)
    slices = write_slices()
    rows = try_once(CELLS, part(progress, RACES, steps))
    return judge(slices, rows)


def write_slices() -> Slices:
    """Change all signs in an array, half in each thread; repeat, for longer, if they never met."""
    array = arrays.make(DEFAULT_SIZE, 0)
    plan = Plan.calibrated(array, "scale", (THREADS,), RACES, 0, frozenset())
    peak, right = 0, array.size
    for attempt in range(plan.rounds):
        wanted = -array
        passes = plan.passes * 2**attempt + 1  # odd, so that the signs do change
        race = run_race("released", plan.kernel, plan.work(THREADS), passes)
        peak = max(peak, peak_inside(race.spans))
        right = min(right, int(np.count_nonzero(array == wanted)))
        if peak == THREADS:
            break
    return Slices(peak, array.size, right)


def judge(slices: Slices, rows: Sequence[PatternRow]) -> Seen:
    """Compare the slices and the cells with the answers."""
    whole = slices.right == slices.elements
    figure = Table(
        ("two threads write to", "ended in", "what was seen"),
        (_slices(slices, whole), *told_rows(rows, CELLS)),
    )
    if not whole:
        reason = "some elements do not hold what the only thread that writes to them wrote"
        return Seen.contradicted(reason, (figure,))
    if unexpected := not_as_declared(rows, (figure,)):
        return unexpected
    forced, chance = (row_of(rows, "lost-update", half) for half in ("unsafe", "unforced"))
    lost = f"No. Both loaded before either stored; {told_by(forced)}."
    luck = f"Yes: {_luck(outcome_of(chance))}"
    if slices.peak_inside < THREADS:
        reason = "the machine was too busy to run both kernels before one was done"
        return Seen.open(reason, (figure,), (lost, "", luck))
    met = f"No: {slices.peak_inside} kernels were writing to one array at once."
    return Seen.shown(RIGHT, (lost, met, luck), (figure,))


def _luck(outcome: Outcome) -> str:
    if outcome == "wrong-value":
        return "forced or left to chance, additions were lost."
    if outcome == "ok":
        return "forced, additions were lost; left to chance, none this time."
    return "forced, additions were lost."


def _slices(slices: Slices, whole: bool) -> tuple[str, ...]:
    outcome: Outcome = "ok" if whole else "wrong-value"
    seen = (
        f"peak inside {slices.peak_inside}; {slices.right:,} of {slices.elements:,} elements right"
    )
    return "a slice each, kernel scale", outcome, seen
