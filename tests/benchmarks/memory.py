"""Does `sum_wide` on all cores take numbers as fast as the memory gives them?"""

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from cffi import FFI

from gil_demo import arrays
from gil_demo.host import machine, toolchain
from gil_demo.measuring.paired import ratios
from gil_demo.measuring.race import Arrays, run_race
from gil_demo.measuring.rounds import interleaved
from gil_demo.measuring.spans import wall_seconds

from .harness import Row, at_least, quartiles_of, rounds

SOURCE = Path(__file__).with_name("plain_read.c")

SIZE = 20_000_000
"""Doubles: 160 MB, more than caches hold."""

TARGET = at_least(0.95)

PASSES = 4

ROUNDS = 25

INTERFACE = """
typedef struct {
    const void *memory;
    int64_t words;
    int64_t passes;
    uint64_t seen;
    int64_t enter_ns;
    int64_t exit_ns;
} reading;
int read_on_threads(reading *readings, int count);
"""


def measure(share: float) -> Iterator[Row]:
    """The rate of `sum_wide` on all cores over that of a plain read of the same memory."""
    cores = machine.usable_cores()
    what = f"sum_wide rate over a plain read, {SIZE // 1_000_000}M doubles, {cores} threads"
    if toolchain.compiler_path() is None:
        yield Row(what, None, "there is no C compiler here to build the plain read with", TARGET)
        return

    parts = np.array_split(arrays.make(SIZE, seed=0), cores)
    with TemporaryDirectory() as folder:
        reader = PlainReader(build(Path(folder)))
        timings = interleaved(
            {
                "read": partial(reader.seconds, parts),
                "sum_wide": partial(sum_wide_seconds, parts),
            },
            rounds(ROUNDS, share),
        )
    yield Row(
        what,
        quartiles_of(ratios(timings, "read", "sum_wide")),
        f"released Python threads against native ones, a slice each, {len(timings)} rounds"
        f" of {PASSES} passes",
        TARGET,
    )


def sum_wide_seconds(parts: Arrays) -> float:
    """The wall time of released threads that sum one part each."""
    return wall_seconds(run_race("released", "sum_wide", parts, PASSES).spans)


class PlainReader:
    """The compiled plain read."""

    def __init__(self, library: Path) -> None:
        """Load it; the file may go once it is loaded."""
        self._ffi = FFI()
        self._ffi.cdef(INTERFACE)
        self._library: Any = self._ffi.dlopen(str(library))

    def seconds(self, parts: Arrays) -> float:
        """The wall time of native threads that read one part each."""
        buffers = [self._ffi.from_buffer(part) for part in parts]
        readings = self._ffi.new(
            "reading[]",
            [
                {"memory": buffer, "words": part.size, "passes": PASSES}
                for buffer, part in zip(buffers, parts, strict=True)
            ],
        )
        error = self._library.read_on_threads(readings, len(parts))
        if error:
            raise OSError(error, f"cannot read on {len(parts)} threads: {os.strerror(error)}")
        enter_ns = min(one.enter_ns for one in readings)
        return float(max(one.exit_ns for one in readings) - enter_ns) / 1e9


def build(folder: Path) -> Path:
    """Compile the plain read for any processor of this kind, like the kernels."""
    library = folder / "plain_read.so"
    toolchain.build_library(SOURCE, library, "-O3", "-pthread")
    return library
