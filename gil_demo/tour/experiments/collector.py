"""The garbage collector at work while C reads an array, and every address before and after."""

import gc
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from operator import ne
from typing import Any, Self

import numpy as np

from gil_demo.interrupts import tidies
from gil_demo.measuring.plan import Plan
from gil_demo.measuring.race import run_alone
from gil_demo.native import kernels
from gil_demo.tour.experiments.resizing import data_address

ARRAYS = 1000
ELEMENTS = 1000
GARBAGE = 100
"""Arrays that keep only each other alive, made anew for each collection."""

CALLS_LONG = 15
"""How many usual calls the one call lasts."""


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


@dataclass(frozen=True, slots=True)
class Collection:
    """One run of the collector, and how many arrays and data had another address after it."""

    began_ns: int
    ended_ns: int
    freed: int
    arrays_moved: int
    data_moved: int


class Collector:
    """A thread that collects over and over until the ``with`` block is left.

    Guarantees: when the block has been left, or could not be entered, the thread has ended
    or is about to end, and an interrupt does not change that. Each collection is noted with
    the clock that stamps the kernels' spans.
    """

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

    @tidies
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


def read_among_collections() -> Reading:
    """Let C read one of many arrays while another thread collects."""
    watched = ring(ARRAYS, ELEMENTS)
    plan = Plan.calibrated(watched[0], "sum", (1,), 1, 0, frozenset())
    call = kernels.Call("released", "sum", watched[0], plan.passes * CALLS_LONG)
    with Collector(watched) as collector:
        run_alone(call)
    return Reading(call.enter_ns, call.exit_ns, call.result, collector.collections)
