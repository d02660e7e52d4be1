"""Count from several threads in C without the GIL: lose by force, then lose nothing, two ways."""

import ctypes
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gil_demo.host.toolchain import build_library

THREADS = 4
TIMES = 100

C = """
#include <sched.h>
#include <stdatomic.h>

static atomic_long cells[2 + THREADS];
static atomic_long arrivals;

/* Waits until all threads have come here, the same number of times each. */
static void meet(void)
{
    const long all = (atomic_fetch_add(&arrivals, 1) / THREADS + 1) * THREADS;
    while (atomic_load(&arrivals) < all)
        sched_yield();
}

/* What cell += 1 is to the processor: a load, an addition, a store. Each is atomic here; all three
   together are not. */
void count(int cell, long times)
{
    for (long i = 0; i < times; i++) {
        long seen = atomic_load(&cells[cell]);
        meet(); /* all have loaded */
        atomic_store(&cells[cell], seen + 1);
        meet(); /* all have stored */
    }
}

/* Stores only if the cell still holds what was loaded; if not, seen becomes what it holds now.
   Returns how often that was so. In a program atomic_fetch_add(&cell, 1) does the same in one
   step; written out, it can be made to meet the others at the worst moment. */
long count_together(int cell, long times)
{
    long again = 0;
    for (long i = 0; i < times; i++) {
        long seen = atomic_load(&cells[cell]);
        meet();
        while (!atomic_compare_exchange_strong(&cells[cell], &seen, seen + 1))
            again++;
        meet();
    }
    return again;
}

long value(int cell)
{
    return atomic_load(&cells[cell]);
}

/* How often all threads were at one place at one moment. */
long meetings(void)
{
    return atomic_load(&arrivals) / THREADS;
}
"""


def built(source: str, folder: Path) -> ctypes.CDLL:
    """Build the library of this C. ctypes releases the GIL for each call of a CDLL."""
    file, library = folder / "count.c", folder / "count.so"
    file.write_text(source)
    build_library(file, library, "-std=c11", "-O2", f"-DTHREADS={THREADS}")
    return ctypes.CDLL(str(library))


FOR_LOSING, FOR_ALL, *OWN = range(2 + THREADS)

with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(THREADS) as threads:
    c = built(C, Path(folder))
    c.count.argtypes = c.count_together.argtypes = [ctypes.c_int, ctypes.c_long]
    c.count.restype = None
    c.value.argtypes = [ctypes.c_int]
    c.count_together.restype = c.value.restype = c.meetings.restype = ctypes.c_long
    times = [TIMES] * THREADS

    list(threads.map(c.count, [FOR_LOSING] * THREADS, times))
    again = sum(threads.map(c.count_together, [FOR_ALL] * THREADS, times))
    list(threads.map(c.count, OWN, times))

    made = THREADS * TIMES
    parts = [c.value(cell) for cell in OWN]
    print(f"one cell, load and store: {c.value(FOR_LOSING)} of {made}")
    print(f"one cell, compare and exchange: {c.value(FOR_ALL)} of {made}, {again} tried again")
    print(f"a cell each, load and store: {' + '.join(map(str, parts))} = {sum(parts)} of {made}")

    # All load the same number before one stores it plus 1: of four additions one is left.
    assert c.value(FOR_LOSING) == TIMES
    # Here too. But only the first to store finds in the cell what it loaded.
    assert c.value(FOR_ALL) == made
    assert again >= (THREADS - 1) * TIMES
    # The same C as the one that lost, and nobody else to overwrite.
    assert parts == [TIMES] * THREADS
    # Nobody counted alone: all met twice in each addition, three times over.
    assert c.meetings() == 3 * 2 * TIMES
