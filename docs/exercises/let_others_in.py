"""One long call that keeps the GIL, cut into slices so that others get their turn in between."""

import threading
import time
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gil_demo.host import machine
from gil_demo.native import kernels

SLICES = 20

ticks: list[int] = []
stopped: list[bool] = []


def tick() -> None:
    """Stand for the rest of the program: note the time, over and over."""
    while not stopped:
        ticks.append(time.monotonic_ns())
        time.sleep(0.0001)


def held_sum(part: NDArray[np.float64]) -> kernels.Call:
    """Make one call that keeps the GIL, and note when it entered C and when it left."""
    call = kernels.Call("held", "sum", part, passes=20)
    kernels.run(call)
    return call


def ticks_inside(call: kernels.Call) -> int:
    """Count how often the others got their turn while C ran."""
    return sum(call.enter_ns < moment < call.exit_ns for moment in ticks)


array = np.arange(1_000_000.0)  # whole numbers, whose sum is exact in any order
threading.Thread(target=tick, daemon=True).start()

whole = held_sum(array)

slices = []
for part in np.array_split(array, SLICES):
    slices.append(held_sum(part))
    # In a program one time.sleep(0) would do, which releases the GIL for a moment. Here we go on
    # until the ticker has come, so that what is asserted below holds on a busy machine as well.
    while not ticks or ticks[-1] < slices[-1].exit_ns:
        time.sleep(0)
stopped.append(True)

inside = [ticks_inside(call) for call in (whole, *slices)]
between = [
    sum(before.exit_ns <= moment <= after.enter_ns for moment in ticks)
    for before, after in pairwise(slices)
]
print(f"ticks inside the whole call: {inside[0]}; inside the {SLICES} slices: {sum(inside[1:])}")
print(f"ticks between one slice and the next: {min(between)} or more")

assert sum(call.result for call in slices) == whole.result == array.sum()
assert all(between)
if machine.gil_enabled():
    assert not any(inside)
