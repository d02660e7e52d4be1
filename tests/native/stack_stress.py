"""Threads that do all that frames can do, with the stack of every hold taken: a stress test.

``python tests/native/stack_stress.py SECONDS`` prints how much the references and the memory
have grown after the first third, and checks each stack: a frame's line must lie in its code.
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
from typing import Any

from gil_demo.native import handovers

DEPTH = 1000


def main(seconds: float) -> None:
    """Stress in rounds of half a second, each with a watch of its own."""
    sys.setswitchinterval(1e-5)
    sys.setrecursionlimit(10 * DEPTH)
    end, memory, rounds, events = time.monotonic() + seconds, [], 0, 0
    while time.monotonic() < end:
        handovers.start(1 << 20, 0)
        one_round(time.monotonic() + 0.5)
        handovers.stop()
        events += handovers.span().noted
        check_stacks()
        handovers.forget()
        gc.collect()
        rounds += 1
        memory.append((sys.getrefcount(recurse.__code__), resident()))
    early = memory[len(memory) // 3]
    print(f"rounds={rounds} events={events}")
    print(f"references={memory[-1][0] - early[0]} megabytes={memory[-1][1] - early[1]:.1f}")


def resident() -> float:
    """Resident memory in megabytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1e6


def check_stacks() -> None:
    """Each place names a file and a line that is there, and a function that this program has."""
    seen = {int(stack) for stack in handovers.holds()["stack"]}
    for stack in sorted(seen)[:: max(1, len(seen) // 200)]:
        for function, file, line in handovers.frames(stack):
            if file == __file__:
                text = linecache.getline(file, line)
                assert text.strip(), (function, file, line)
                assert function.rpartition(".")[2] in KNOWN, function


def one_round(end: float) -> None:
    """All threads at once, up to a moment."""
    threads = [threading.Thread(target=one, args=(end,)) for one in WORK]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def recurse(depth: int) -> int:
    """Go so deep, and release the GIL there."""
    if depth:
        return recurse(depth - 1) + 1
    handovers.pairs(1)
    return 0


def deep(end: float) -> None:
    """Recursion."""
    while time.monotonic() < end:
        recurse(DEPTH)


def counts(depth: int) -> Iterator[int]:
    """Generators in generators."""
    if depth:
        yield from counts(depth - 1)
    else:
        for number in range(20):
            handovers.pairs(1)
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
    handovers.pairs(1)


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
                handovers.pairs(1)


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
        handovers.pairs(1)
        return int(one[0] - other[0])

    def key(number: int) -> int:
        handovers.pairs(1)
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
        handovers.pairs(1)


def finalizers(end: float) -> None:
    """Finalizers, cycles, and callbacks of weak references to code."""

    def called(_: object) -> None:
        handovers.pairs(1)

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
    *("recurse", "counts", "nested", "together", "compare", "key", "called", "__del__"),
    *("main", "one_round", "<module>", "<genexpr>"),
}

if __name__ == "__main__":
    main(float(sys.argv[1]))
