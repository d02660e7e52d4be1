"""Many short blocks beside a busy Python thread: after each, C waits for the GIL.

Mechanism:
    At ``Py_BEGIN_ALLOW_THREADS`` a waiting thread can take the GIL at once. To take it back,
    END must wait: only after the switch interval, 5 ms by default, does it ask the thread
    that has the GIL to release it. A thread that runs Python code and never blocks keeps
    the GIL that long, each time. So a block of 100 microseconds costs milliseconds, and
    each further block adds another wait. The kernel itself is as fast as ever; END takes
    the time.

What you will see:
    C sums an array in 8 parts, with a block for each part: alone, and beside a thread that
    runs a Python loop. Beside it the call takes many times as long: on two idle cores about
    8 switch intervals are added to the time that the parts take.

Why the safe half is safe:
    One block around all parts waits once. The remedy is fewer and longer blocks. Work that
    is too short for a block of its own should keep the GIL: see tiny-work. A shorter
    ``sys.setswitchinterval`` helps too, at the price of more switches for all threads.

Forced:
    Beside the busy thread a block lasts until that thread has run. In a real program this mostly
    happens too. But if the block is shorter than the time that the other thread takes to wake
    up, as on one core or on a busy machine, C may be back at END before the other thread takes
    the GIL, and that block does not wait. The two are measured in turn, and the half ends in
    ``slow`` if it took longer beside the busy thread in every round. No verdict rests on it.
    Without a GIL END waits only while somebody has stopped all threads, for a collection say,
    and for the lock of a critical section that BEGIN suspended; here neither is so, and the half
    ends in ``ok``. No sanitizer judges it, since only time is lost: the evidence is the run
    itself.

In your own code:
    ``gil-demo watch SCRIPT`` shows how long each thread waited for the GIL, and for whom.

    Each call through cffi, ``ctypes.CDLL`` or ``swig -threads`` has a block of its own, so a
    loop in Python over such calls is this pattern. So is ``call_guard<gil_scoped_release>()``
    of pybind11 and nanobind, ``with nogil:`` of Cython or ``nogil=True`` of Numba in a function
    that is called often. Call once, for all parts.

    Frequent, and a profiler does not show it: a call that releases the GIL looks slow itself,
    because it waits at its end (distributed#4443). A thread that waits for its input hardly
    runs beside threads that compute (cpython#90204).

Sources:
    - https://docs.python.org/3/library/sys.html#sys.setswitchinterval
    - END waits until it gets the GIL:
      https://docs.python.org/3/c-api/threads.html#detaching-the-thread-state-from-extension-code
    - The convoy effect, measured when this GIL was new: https://bugs.python.org/issue7946
    - ctypes: https://docs.python.org/3/library/ctypes.html#ctypes.PyDLL
    - https://github.com/dask/distributed/issues/4443
    - https://github.com/python/cpython/issues/90204
"""

import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from statistics import median
from threading import Event
from typing import Any

import numpy as np

from gil_demo import notation
from gil_demo.host.machine import gil_enabled
from gil_demo.lab.compared import slower
from gil_demo.lab.lab import Lab
from gil_demo.lab.thread import Thread
from gil_demo.measuring.paired import ratios
from gil_demo.measuring.rounds import interleaved
from gil_demo.results.numbers import Spread
from gil_demo.results.patterns import Finding
from gil_demo.words import NO_GIL

CHAPTER = "speed"
QUESTION = "What does a short call cost beside a busy Python thread?"
HAZARD = {
    NO_GIL: "Many short blocks beside a busy Python thread: with a GIL, C would wait after each."
}
UNSAFE = {"3.11": ("slow", "ok"), NO_GIL: "ok"}

SIZE = 131072
PARTS = 8
ROUNDS = 3


def unsafe(lab: Lab) -> Finding:
    """Sum with a block for each part."""
    rounds, right = _sum_beside_busy_thread(lab, lab.c.convoy_unsafe)
    if right.outcome != "ok":
        return right
    alone, ratio = _compared(rounds)
    busy = f"{PARTS} blocks beside a busy Python thread"
    if not gil_enabled():
        told = f"{notation.times(ratio)} as long as alone, with no GIL to wait for"
        return Finding("ok", f"{busy}: {told}", f"alone {notation.milliseconds(alone, 2)}")
    return slower(busy, ratio, "alone", f"alone {notation.milliseconds(alone, 2)}")


def safe(lab: Lab) -> Finding:
    """Sum with one block around all parts."""
    rounds, right = _sum_beside_busy_thread(lab, lab.c.convoy_safe)
    if right.outcome != "ok":
        return right
    alone, ratio = _compared(rounds)
    busy = f"1 block beside a busy Python thread: {notation.times(ratio)} as long as alone"
    return Finding("ok", busy, f"alone {notation.milliseconds(alone, 2)}")


def _sum_beside_busy_thread(lab: Lab, summed: Any) -> tuple[list[dict[str, float]], Finding]:
    """Time the sum alone and beside the thread, and check the sums."""
    data = np.ones(SIZE * PARTS)
    memory = lab.ffi.from_buffer("double[]", data)
    sums: list[float] = []

    steps = count(1)

    def seconds(busy: Any) -> float:
        began = time.perf_counter()
        sums.append(summed(memory, SIZE, PARTS, busy))
        return time.perf_counter() - began

    def busy_seconds() -> float:
        running, started = [True], Event()
        busy = Thread(_keep_busy, lab, steps, running, started)
        started.wait()
        taken = seconds(lab.pointer)
        running.clear()
        busy.result()
        return taken

    alone = lab.ffi.NULL
    seconds(alone)  # the first call meets cold memory
    both: dict[str, Callable[[], float]] = {
        "alone": partial(seconds, alone),
        "busy": busy_seconds,
    }
    rounds = interleaved(both, ROUNDS)
    return rounds, lab.compare("sum of the array", min(sums), float(data.sum()))


def _keep_busy(lab: Lab, steps: Iterator[int], running: list[bool], started: Event) -> None:
    """Run Python and take a step in each turn of the loop, without releasing the GIL."""
    started.set()
    while running:
        lab.reach(next(steps))


def _compared(rounds: list[dict[str, float]]) -> tuple[float, Spread]:
    """Return the median time alone, and how many times as long it took beside the thread."""
    return median(one["alone"] for one in rounds), Spread.of(ratios(rounds, "busy", "alone"))
