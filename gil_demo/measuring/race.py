"""One race: the same kernel call on several threads at once, in one mode."""

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from gil_demo.host.threads import submit_all
from gil_demo.measuring.lookout import Lookout
from gil_demo.native import kernels
from gil_demo.results.run import Span
from gil_demo.words import Kernel, Mode

Arrays = Sequence[NDArray[np.float64]]

_one_at_a_time = threading.Lock()


@dataclass(frozen=True, slots=True)
class Race:
    """The result of one race: spans in the order of their threads, and the computed values."""

    spans: tuple[Span, ...]
    results: tuple[float, ...]
    cpu_seconds: float
    rows: tuple[int | None, ...] = ()
    held_shares: tuple[float | None, ...] = ()


def watched_race(mode: Mode, kernel: Kernel, arrays: Arrays, passes: int) -> Race:
    """Run a race, and find out for what share of its call each thread had the GIL."""
    with Lookout() as lookout:
        race = run_race(mode, kernel, arrays, passes, lookout)
    shares = zip(race.rows, race.spans, strict=True)
    return replace(race, held_shares=tuple(lookout.held_share(*one) for one in shares))


def run_race(
    mode: Mode, kernel: Kernel, arrays: Arrays, passes: int, lookout: Lookout | None = None
) -> Race:
    """Call `kernel` on each of `arrays` at the same moment, one thread each.

    Races of one process run one after another, in all threads, because two at once
    would measure each other. An interrupt ends every call after the pass it is
    in. The threads of Python sign in with `lookout`. Raises `kernels.UnsuitableArray`
    before anything runs, and RuntimeError or OSError where the system has no such
    number of threads to give.
    """
    calls = [kernels.Call(mode, kernel, array, passes) for array in arrays]
    rows: list[int | None] = [None] * len(calls)

    def sign_in_and_run(thread: int, call: kernels.Call) -> None:
        rows[thread] = lookout.sign_in() if lookout else None
        kernels.run(call)

    with _one_at_a_time:
        if mode == "native":
            _run_together([partial(kernels.run_on_native_threads, calls)])
        else:
            _run_together([partial(sign_in_and_run, *one) for one in enumerate(calls)])
    return Race(
        spans=tuple(
            Span(mode, thread, call.enter_ns, call.exit_ns)
            for thread, call in enumerate(calls, start=1)
        ),
        results=tuple(call.result for call in calls),
        cpu_seconds=sum(call.cpu_ns for call in calls) / 1e9,
        rows=tuple(rows),
    )


def run_alone(call: kernels.Call) -> None:
    """Make one call from this thread, while no race of this process runs."""
    with _one_at_a_time:
        kernels.set_cancelled(False)
        kernels.run(call)


def _run_together(jobs: Sequence[Callable[[], None]]) -> None:
    """Start every job at the same moment on a thread of its own, and wait for all.

    If the wait is cut short, the jobs are ended first. The wait is for results,
    not for threads: before CPython 3.13 an interrupted ``Thread.join`` reports a
    running thread as finished (https://github.com/python/cpython/issues/90882).
    """
    barrier = threading.Barrier(len(jobs))

    def meet_and_run(job: Callable[[], None]) -> None:
        barrier.wait()
        job()

    kernels.set_cancelled(False)
    with ThreadPoolExecutor(len(jobs)) as pool:
        try:
            for future in submit_all(pool, [partial(meet_and_run, job) for job in jobs]):
                future.result()
        except BaseException:
            kernels.set_cancelled(True)
            barrier.abort()
            raise


def _after_fork() -> None:
    """Give a forked child a lock of its own: it has none of the threads that race here."""
    global _one_at_a_time
    _one_at_a_time = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)
