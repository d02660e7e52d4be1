"""The function that a notebook calls; `gil-demo run` calls the same."""

from collections.abc import Callable, Iterable
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from gil_demo import arrays
from gil_demo.host import machine
from gil_demo.limits import DEFAULT_ROUNDS, DEFAULT_SIZE, MAX_DEFAULT_THREADS, MAX_THREADS
from gil_demo.measuring.measure import measure
from gil_demo.measuring.plan import Plan
from gil_demo.native import kernels
from gil_demo.report.run import RunReport
from gil_demo.results.patterns import PatternRow
from gil_demo.words import Half, Kernel, Section

MEASURED: frozenset[Section] = frozenset({"picture", "scaling", "responsiveness"})
"""The sections that a notebook gets by default: all except the patterns."""


def default_threads() -> tuple[int, ...]:
    """Choose 1, 2, 4, … up to the cores this process may use; 2 even where there is only one."""
    cores = min(machine.usable_cores(), MAX_DEFAULT_THREADS)
    return (1, *(2**power for power in range(1, max(2, cores.bit_length()))))


def race(
    array: NDArray[np.float64] | None = None,
    *,
    kernel: Kernel = "sum",
    threads: Iterable[int] | None = None,
    rounds: int = DEFAULT_ROUNDS,
    seed: int = 0,
    sections: Iterable[Section] = MEASURED,
    input_name: str | None = None,
    notes: Iterable[str] = (),
    progress: Callable[[int, int], None] = lambda done, steps: None,
) -> RunReport:
    """Race one C kernel on an array: GIL held, GIL released, and without Python.

    Args:
        array: One or more dimensions of float64, contiguous and aligned, and
            writable for the kernel ``scale``. C works on its memory, not on a
            copy. By default a million numbers from -1 to 1.
        kernel: What each thread calls once in each race.
        threads: The numbers of threads to compare; 1 is always added.
        rounds: How often each race is run, interleaved with the others.
        seed: Seed of the default array and of the order of races.
        sections: Which parts to measure; "patterns" runs each pattern's halves once,
            in child processes.
        input_name: Where the array came from, for the report.
        notes: Sentences to add to the report.
        progress: Called with the number of steps done and of all steps.

    Returns:
        A report that draws itself in a terminal and in Jupyter; the figures are
        in its `result`.

    Raises:
        ValueError: The array or a number cannot be used; the message says what to do.
    """
    counts = default_threads() if threads is None else tuple(threads)
    if not all(1 <= count <= MAX_THREADS for count in counts):
        raise ValueError(f"threads must be from 1 to {MAX_THREADS}")
    if rounds < 1:
        raise ValueError("rounds must be 1 or more")
    data = arrays.make(DEFAULT_SIZE, seed) if array is None else array
    if kernel not in get_args(Kernel):
        raise ValueError(f"kernel must be one of {', '.join(get_args(Kernel))}, not {kernel!r}")
    chosen = frozenset(sections)
    if not chosen <= set(get_args(Section)):
        raise ValueError(f"sections must be some of {', '.join(get_args(Section))}")
    kernels.refuse_unsuitable(data, kernel)
    plan = Plan.calibrated(data, kernel, counts, rounds, seed, chosen)
    return RunReport(
        measure(
            plan,
            input_name=input_name,
            notes=tuple(notes),
            patterns=_patterns_once(progress) if "patterns" in chosen else (),
            progress=progress,
        )
    )


def _patterns_once(progress: Callable[[int, int], None]) -> tuple[PatternRow, ...]:
    from gil_demo.gallery import registry
    from gil_demo.sandbox.rows import try_patterns

    halves: tuple[Half, ...] = ("unsafe", "safe")
    jobs = [(pattern, half) for pattern in registry.load_all() for half in halves]
    return try_patterns(jobs, machine.usable_cores(), progress)
