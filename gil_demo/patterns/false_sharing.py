"""Each thread has a cell of its own, but the cells share a cache line.

Mechanism:
    Processors keep memory coherent by cache lines: 64 bytes on x86-64 and on most 64-bit
    ARM, 128 on Apple's. To write to a cell a core must own the whole line. When two threads
    on two cores write to two cells of one line, the line travels between the cores, although
    neither thread ever uses the other's cell. The result is right, and there is no race:
    no sanitizer finds anything. Neighbouring elements of an array are neighbours in
    memory, so a small array with one cell for each thread is enough to cause this.

What you will see:
    Two threads add 1 to their own cells, 500,000 times each, with the cells 8 bytes
    apart and 128 bytes apart, in turn. On two idle cores it takes several times as long in
    one line. On a busy machine, or with both threads on one core, there may be
    no difference: a line that only one core uses stays where it is.

Why the safe half is safe:
    The cells are 128 bytes apart, so no line of 64 or 128 bytes holds both. On x86-64 the
    line length is 64, but some of its processors fetch lines in pairs; the lines of s390x
    have 256 bytes. A sum that is kept in a local variable and stored once at the end never
    has the problem: do that where you can.

Forced:
    Nothing: the machine decides. The half ends in ``slow`` if one line took longer in every
    round, and in ``ok`` if it did not. No verdict rests on it. Neither sanitizer flags the
    unsafe half, because only one thread uses each cell.

In your own code:
    ``gil-demo check`` sees no layout of memory. On Linux ``perf c2c`` counts the lines that
    cores take from each other.

    It looks the same from each language: ``sums[thread] += x`` in a ``prange`` of Numba or
    Cython, in OpenMP, or through pybind11, nanobind, cffi, ctypes or SWIG. A row for each
    thread, padded to 128 bytes, or a local variable is the remedy everywhere.

    Few reports name it, because only the machine shows it. A simulator pads its threads' data
    to cache lines (nrn#2951).

Sources:
    - False sharing, in the Linux kernel's documentation:
      https://docs.kernel.org/kernel-hacking/false-sharing.html
    - Line lengths to expect, and lines in pairs:
      https://docs.rs/crossbeam-utils/latest/crossbeam_utils/struct.CachePadded.html
    - Giving each thread its own data: https://numpy.org/doc/stable/reference/thread_safety.html
    - https://github.com/neuronsimulator/nrn/pull/2951
"""

import time
from functools import partial
from typing import Any

import numpy as np

from gil_demo import notation
from gil_demo.lab.compared import slower
from gil_demo.lab.lab import Lab
from gil_demo.lab.thread import Thread
from gil_demo.measuring.paired import ratios
from gil_demo.measuring.rounds import interleaved
from gil_demo.results.numbers import Spread
from gil_demo.results.patterns import Finding

CHAPTER = "speed"
QUESTION = "Why is it slow when each thread has its own element?"
UNSAFE = ("slow", "ok")

TIMES = 500_000
CELLS = 32  # 256 bytes, at the end of a page: on a line of their own
ROUNDS = 5


def unsafe(lab: Lab) -> Finding:
    """Compare cells in one line with cells in a line each."""
    ratio = Spread.of(ratios(_seconds(lab), "one line", "own lines"))
    return slower("cells 8 bytes apart", ratio, "128 bytes apart")


def safe(lab: Lab) -> Finding:
    """Time the additions with cells in a line each."""
    addition = Spread.of(one["own lines"] / (2 * TIMES) * 1e9 for one in _seconds(lab))
    return Finding(
        "ok",
        f"cells 128 bytes apart: an addition takes {addition.median:.1f} ns"
        f" ({notation.ends(addition, 1)}), start of the threads included",
    )


def _seconds(lab: Lab) -> list[dict[str, float]]:
    """Time each round with the cells in one line, and with a line each."""
    both = {
        "one line": partial(_add_from_two_threads, lab, lab.c.false_sharing_unsafe),
        "own lines": partial(_add_from_two_threads, lab, lab.c.false_sharing_safe),
    }
    return interleaved(both, ROUNDS)


def _add_from_two_threads(lab: Lab, add: Any) -> float:
    cells = np.zeros(CELLS, dtype=np.int64)
    memory = lab.ffi.from_buffer("int64_t[]", cells, require_writable=True)
    began = time.perf_counter()
    threads = [Thread(add, memory, number, TIMES, lab.pointer) for number in range(2)]
    for thread in threads:
        thread.result()
    taken = time.perf_counter() - began
    if cells.sum() != 2 * TIMES:
        raise ArithmeticError(f"additions: expected {2 * TIMES}, found {cells.sum()}")
    return taken
