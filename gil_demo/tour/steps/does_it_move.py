"""Does anything move?

Idea:
    Some garbage collectors move the objects that survive. CPython's finds objects that keep
    only each other alive, and frees them. The others stay: an object keeps one address for
    life, and ``id`` returns it. The elements of an array lie in separate memory. The array's
    owner can move them: ``resize`` may reallocate them. It first checks the reference count
    to see whether anybody else has the array; ``refcheck=False`` turns that check off.

Question:
    C reads an array in the block. Meanwhile another thread runs the garbage collector again
    and again, among many arrays in cycles. How many addresses change?

Answers:
    - Some: a collector moves the survivors, to close the gaps.
    - None, because the collector waits until C is done.
    - None: the collector runs and frees objects, but moves nothing.

Remember:
    The collector moves nothing. A resize can: never resize while C reads.

Misconception:
    An object must be pinned, or an array copied, before C may read it without the GIL. The
    C API has no call that pins an object, because no object moves.

Ask:
    What must C own for the address to stay valid, and what must nobody else do?

Read more:
    - Constant for life, and an address: https://docs.python.org/3/library/functions.html#id
    - What resize checks: https://numpy.org/doc/stable/reference/generated/numpy.ndarray.resize.html
"""

import gc
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from operator import ne
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from gil_demo.measuring.plan import Plan
from gil_demo.measuring.progress import Progress
from gil_demo.measuring.race import run_alone
from gil_demo.native import kernels
from gil_demo.tour.step import Seen, Table

MINUTES = 3

ARRAYS = 1000
ELEMENTS = 1000
GARBAGE = 100
"""Arrays that keep only each other alive, made anew for each collection."""

CALLS_LONG = 15
"""How many usual calls the one call lasts."""

RESIZED = 5_000_000
"""Elements: 40 MB, more than allocators keep among small blocks."""


class Linked(np.ndarray[Any, np.dtype[np.float64]]):
    """An array that refers to another one, so that the collector has to track it."""

    other: "Linked"


def ring(arrays: int, elements: int) -> list[Linked]:
    """Make arrays of ones, each of which refers to the next, and the last to the first."""
    made = [Linked(elements) for _ in range(arrays)]
    for array, other in zip(made, made[1:] + made[:1], strict=True):
        array.fill(1.0)
        array.other = other
    return made


def data_address(array: NDArray[np.float64]) -> int:
    """Return the address of the elements."""
    return int(array.__array_interface__["data"][0])


@dataclass(frozen=True, slots=True)
class Collection:
    """One run of the collector, and how many arrays and data had another address after it."""

    began_ns: int
    ended_ns: int
    freed: int
    arrays_moved: int
    data_moved: int


class Collector:
    """A thread that collects over and over until the ``with`` block is left."""

    def __init__(self, watched: Sequence[Linked]) -> None:
        """Compare the addresses of these after each collection."""
        self._watched = watched
        self._collections: list[Collection] = []
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._collect, name="collector", daemon=True)

    def _collect(self) -> None:
        arrays, data = [*map(id, self._watched)], [*map(data_address, self._watched)]
        while not self._stopped.is_set():
            ring(GARBAGE, ELEMENTS)
            began_ns = time.monotonic_ns()
            freed = gc.collect()
            ended_ns = time.monotonic_ns()
            arrays_moved = sum(map(ne, arrays, map(id, self._watched)))
            data_moved = sum(map(ne, data, map(data_address, self._watched)))
            self._collections.append(
                Collection(began_ns, ended_ns, freed, arrays_moved, data_moved)
            )

    def __enter__(self) -> Self:
        try:
            self._thread.start()
        except BaseException:
            self._stopped.set()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    @property
    def collections(self) -> tuple[Collection, ...]:
        """Return all collections in order; call it after the block."""
        return tuple(self._collections)


@dataclass(frozen=True, slots=True)
class Reading:
    """One released call that read an array, and the collections of the time around it."""

    enter_ns: int
    exit_ns: int
    total: float
    collections: tuple[Collection, ...]

    @property
    def inside(self) -> tuple[Collection, ...]:
        """The collections that began and ended during the call."""
        return tuple(
            one
            for one in self.collections
            if self.enter_ns < one.began_ns and one.ended_ns < self.exit_ns
        )


@dataclass(frozen=True, slots=True)
class Resize:
    """The addresses of the elements before and after, and whether resize refused at first."""

    before: int
    after: int
    refused: bool


def run(progress: Progress) -> Seen:
    """Collect during a call that reads, then resize."""
    progress(0, 2)
    reading = read_among_collections()
    progress(1, 2)
    resize = resize_one()
    progress(2, 2)
    return judge(reading, resize)


def read_among_collections() -> Reading:
    """Let C read one of many arrays while another thread collects."""
    watched = ring(ARRAYS, ELEMENTS)
    plan = Plan.calibrated(watched[0], "sum", (1,), 1, 0, frozenset())
    call = kernels.Call("released", "sum", watched[0], plan.passes * CALLS_LONG)
    with Collector(watched) as collector:
        run_alone(call)
    return Reading(call.enter_ns, call.exit_ns, call.result, collector.collections)


def resize_one() -> Resize:
    """Make one array grow from a small block far beyond it, with another block behind it."""
    array, _behind = np.ones(ELEMENTS), np.ones(ELEMENTS)
    before = data_address(array)
    _another_reference = array
    try:
        array.resize(RESIZED)
        refused = False
    except ValueError:
        refused = True
        array.resize(RESIZED, refcheck=False)
    return Resize(before, data_address(array), refused)


def judge(reading: Reading, resize: Resize) -> Seen:
    """Compare the addresses with the answers."""
    inside = reading.inside
    arrays_moved = max((one.arrays_moved for one in reading.collections), default=0)
    data_moved = max((one.data_moved for one in reading.collections), default=0)
    figures = (_figure(reading, resize, arrays_moved, data_moved),)
    if arrays_moved or data_moved:
        remarks = (f"{arrays_moved + data_moved:,} addresses changed.", "", "")
        reason = "something had another address after a collection, which must not happen"
        return Seen("contradicted", None, remarks, figures, reason)
    if reading.total != ELEMENTS:
        reason = "C read other numbers than the array had, which must not happen"
        return Seen("contradicted", None, ("", "", ""), figures, reason)
    if not inside:
        reason = "the machine was too busy to run the collector during the call"
        return Seen("inconclusive", None, ("", "", ""), figures, reason)
    return Seen(
        "shown",
        2,
        (
            "No: none of them changed, and C read the right sum.",
            f"No: {len(inside)} collections began and ended during the one call.",
            f"Yes: those freed {sum(one.freed for one in inside):,} objects, and moved none.",
        ),
        figures,
    )


def _figure(reading: Reading, resize: Resize, arrays_moved: int, data_moved: int) -> Table:
    moved = resize.after != resize.before
    call_ms = (reading.exit_ns - reading.enter_ns) / 1e6
    return Table(
        ("addresses, before and after", "compared", "changed"),
        (
            ("collections: of the array objects", f"{ARRAYS:,}", f"{arrays_moved:,}"),
            ("collections: of their elements", f"{ARRAYS:,}", f"{data_moved:,}"),
            ("resize: of one array's elements", "1", f"{int(moved):,}"),
        ),
        f"{len(reading.inside)} collections lay within the released call of {call_ms:,.0f} ms."
        f" {_resized(resize)}",
    )


def _resized(resize: Resize) -> str:
    if resize.before == resize.after:
        return "This allocator let the array grow where it was, so resize moved nothing."
    how = "resize"
    if resize.refused:
        how = "resize refused while there was another reference; refcheck=False"
    return (
        f"{how} moved the elements from {resize.before:#x} to {resize.after:#x}."
        " Under a reader: gil-demo try resize-under-reader."
    )
