"""What the tests of several modules need to call the kernels."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from gil_demo.native import kernels
from gil_demo.native.kernels import Call
from gil_demo.words import Kernel, Mode

Doubles = NDArray[np.float64]

KERNELS: tuple[Kernel, ...] = get_args(Kernel)
READING: tuple[Kernel, ...] = tuple(k for k in KERNELS if k not in kernels.WRITING_KERNELS)
MODES: tuple[Mode, ...] = get_args(Mode)

SECONDS_LONG = 1_000_000
"""Passes of `spin` over 1,000 elements: seconds of work, which tests cut short."""


def called(mode: Mode, kernel: Kernel, array: Doubles, passes: int = 1) -> Call:
    call = Call(mode, kernel, array, passes)
    if mode == "native":
        kernels.run_on_native_threads([call])
    else:
        kernels.run(call)
    return call


@contextmanager
def calls_in_progress(count: int) -> Iterator[list[Call]]:
    """Released calls that are all inside C during the block, and end with it."""
    kernels.set_cancelled(False)
    calls = [Call("released", "spin", np.zeros(1000), SECONDS_LONG) for _ in range(count)]
    threads = [threading.Thread(target=kernels.run, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    while not all(call.enter_ns for call in calls):
        time.sleep(0.001)
    try:
        yield calls
    finally:
        kernels.set_cancelled(True)
        for thread in threads:
            thread.join()
        kernels.set_cancelled(False)
