"""Threads that do all that frames can do, with the stack of every hold taken: a stress test.

``python tests/native/stack_stress.py SECONDS`` prints how much the references and the memory
have grown after the first third. It checks each stack. Where the program itself released the
GIL, it walked its own frames right before: the stack must be one of these. Elsewhere each line
must be one of its function, and call the function that stands above it.
"""

import asyncio
import contextlib
import ctypes
import gc
import linecache
import os
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from random import getrandbits
from types import FrameType
from typing import Any

from gil_demo.native import handovers

DEPTH = 1000
MAX_FRAMES = 96
"""As in csrc/watch/handovers.h: what lies further out is cut."""

Stack = tuple[tuple[str, str, int], ...]

truths: set[int] = set()
"""Hashes of the stacks, as the frames themselves told them, at which the GIL was released."""


def main(seconds: float) -> None:
    """Stress in rounds of half a second, each with a watch of its own."""
    sys.setswitchinterval(1e-5)
    sys.setrecursionlimit(10 * DEPTH)
    end, memory, told = time.monotonic() + seconds, [], {"rounds": 0, "events": 0, "compared": 0}
    while time.monotonic() < end:
        handovers.start(1 << 20, 0)
        one_round(time.monotonic() + 0.5)
        handovers.stop()
        told["events"] += handovers.span().noted
        told["compared"] += check_stacks()
        told["rounds"] += 1
        handovers.forget()
        truths.clear()
        gc.collect()
        memory.append((sys.getrefcount(recurse.__code__), resident()))
    early = memory[len(memory) // 3]
    print(*(f"{name}={count}" for name, count in told.items()))
    print(f"references={memory[-1][0] - early[0]} megabytes={memory[-1][1] - early[1]:.1f}")


def resident() -> float:
    """Resident memory in megabytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1e6


def release() -> None:
    """Drop the GIL and take it back, and remember at which stack."""
    frame: FrameType | None = sys._getframe(1)
    found: list[tuple[str, str, int]] = []
    while frame is not None and len(found) < MAX_FRAMES - 2:
        code = frame.f_code
        line = frame.f_lineno or code.co_firstlineno  # a module begins before its first line
        found.append((code.co_qualname, code.co_filename, line))
        frame = frame.f_back
    truths.add(hash(tuple(found)))
    handovers.pairs(1)


def check_stacks() -> int:
    """Check each different stack; return how many of them could be compared with the truth."""
    compared = 0
    for number in {int(stack) for stack in handovers.holds()["stack"]}:
        stack: Stack = tuple(handovers.frames(number))
        if [name for name, _, _ in stack[:2]] == ["pairs", "release"]:
            whole = tuple(row for row in stack[2:] if row[0] != "...")
            assert hash(whole) in truths, stack
            compared += 1
        else:
            check_calls(stack)
    return compared


def check_calls(stack: Stack) -> None:
    """Each line of this file is one of its function, and names the function that it calls."""
    callee = ""
    for function, file, line in stack:
        name = function.rpartition(".")[2]
        if file == __file__:
            text = linecache.getline(file, line)
            assert name in KNOWN, stack
            assert text.strip(), stack
            assert not callee or callee in text or callee in CALLED_ELSEWHERE, (text, stack)
        callee = name if file == __file__ else ""


def one_round(end: float) -> None:
    """All threads at once, up to a moment."""
    threads = [threading.Thread(target=one, args=(end,)) for one in WORK]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def recurse(depth: int, path: int = 0) -> int:
    """Go so deep, by one line or another as the bits of `path` say, and release the GIL there."""
    if depth and path >> depth % 64 & 1:
        return recurse(depth - 1, path) + 1
    if depth:
        return recurse(depth - 1, path) + 2
    release()
    return 0


def deep(end: float) -> None:
    """Recursion."""
    while time.monotonic() < end:
        recurse(DEPTH, getrandbits(64))


def counts(depth: int) -> Iterator[int]:
    """Generators in generators."""
    if depth:
        yield from counts(depth - 1)
    else:
        for number in range(20):
            release()
            yield number


def generators(end: float) -> None:
    """Generators, also ones that are left half way."""
    while time.monotonic() < end:
        sum(counts(30))
        next(counts(10))


async def nested(depth: int) -> None:
    """Coroutines in coroutines."""
    if depth:
        await nested(depth - 1)
    await asyncio.sleep(0)
    release()


def coroutines(end: float) -> None:
    """An event loop."""

    async def together() -> None:
        while time.monotonic() < end:
            await asyncio.gather(*(nested(8) for _ in range(4)))

    asyncio.run(together())


def exceptions(end: float) -> None:
    """Exceptions that unwind a stack whose blocks release the GIL."""
    while time.monotonic() < end:
        with contextlib.suppress(ZeroDivisionError):
            try:
                recurse(20)
                raise ZeroDivisionError
            finally:
                release()


def executed(end: float) -> None:
    """Code that is compiled, run and dropped."""
    while time.monotonic() < end:
        names: dict[str, object] = {}
        text = "import os\ndef made(n):\n    return made(n - 1) if n else os.stat('/')\nmade(9)"
        exec(compile(text, f"made{time.monotonic_ns() % 50}", "exec"), names)


def callbacks(end: float) -> None:
    """Python called from C: sorted with a key, and ctypes."""
    numbers = ctypes.c_int * 30
    kind = ctypes.CFUNCTYPE(
        ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int)
    )

    def compare(one: Any, other: Any) -> int:
        release()
        return int(one[0] - other[0])

    def key(number: int) -> int:
        release()
        return -number

    library = ctypes.CDLL(None)
    while time.monotonic() < end:
        sorted(range(50), key=key)
        library.qsort(numbers(*range(30, 0, -1)), 30, 4, kind(compare))


def short_lived(end: float) -> None:
    """Threads that begin and end."""
    while time.monotonic() < end:
        thread = threading.Thread(target=recurse, args=(5,))
        thread.start()
        thread.join()


class Finalized:
    """Releases the GIL while it is being destroyed."""

    def __del__(self) -> None:
        release()


def finalizers(end: float) -> None:
    """Finalizers, cycles, and callbacks of weak references to code."""

    def called(_: object) -> None:
        release()

    while time.monotonic() < end:
        cycle = Finalized()
        cycle.own = cycle  # type: ignore[attr-defined]  # a cycle is the point
        code = compile("1", "dropped", "exec")
        watcher = weakref.ref(code, called)
        del cycle, code
        gc.collect(0)
        del watcher


WORK = (deep, generators, coroutines, exceptions, executed, callbacks, short_lived, finalizers)
KNOWN = {
    *(one.__name__ for one in WORK),
    *("release", "recurse", "counts", "nested", "together", "compare", "key", "called", "__del__"),
    *("main", "one_round", "<module>", "<genexpr>"),
}
CALLED_ELSEWHERE = {"called", "__del__", "<genexpr>"}
"""Functions that run where no line has their names."""

if __name__ == "__main__":
    main(float(sys.argv[1]))
