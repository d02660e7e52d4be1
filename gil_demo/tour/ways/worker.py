"""The work of a thread, of a process, and of an interpreter with a GIL of its own.

The text of this module is also run by itself, in new processes and in interpreters that
cannot load NumPy. So it needs a little of the standard library and nothing else.
"""

import mmap
import os
import time
from collections.abc import Iterable


def work(numbers: Iterable[float], starts: int, answers: int) -> None:
    """Say when all is ready; then, at every start, add up, and say when that was, and the sum.

    Each answer is a line in the pipe `answers`. A start is one byte in the pipe `starts`, and
    the end of that pipe is the end of the work. ``sum`` makes a Python object of every
    number, and keeps the GIL of its interpreter from the first to the last.
    """
    os.write(answers, f"{time.monotonic_ns()}\n".encode())
    while os.read(starts, 1):
        enter_ns = time.monotonic_ns()  # the same clock in all processes of a machine
        total = sum(numbers)
        exit_ns = time.monotonic_ns()
        os.write(answers, f"{enter_ns} {exit_ns} {total!r}\n".encode())


def work_on_file(file: int, begin: int, end: int, starts: int, answers: int) -> None:
    """Work on some of the numbers in an open file of float64, without a copy."""
    with (
        mmap.mmap(file, 0, access=mmap.ACCESS_READ) as mapped,
        memoryview(mapped).cast("d") as numbers,
        numbers[begin:end] as part,
    ):
        work(part, starts, answers)
