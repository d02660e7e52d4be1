"""Count from several threads in C without the GIL, and lose nothing: two ways."""

import ctypes
import shlex
import subprocess
import sysconfig
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

C = """
#include <stdatomic.h>

static atomic_long cell;

/* One cell for all: each addition is one step that no other thread can come between. */
void count_in_one_cell(long times)
{
    for (long i = 0; i < times; i++)
        atomic_fetch_add(&cell, 1);
}

long in_one_cell(void)
{
    return atomic_load(&cell);
}

/* A partial sum for each thread: there is nothing to come between. */
long count_alone(long times)
{
    long mine = 0;
    for (long i = 0; i < times; i++)
        mine += 1;
    return mine;
}
"""

THREADS = 4
TIMES = 5_000_000


def built(source: str, folder: Path) -> ctypes.CDLL:
    """The library that this C is. ctypes lets go of the GIL for each call of a CDLL."""
    file, library = folder / "count.c", folder / "count.so"
    file.write_text(source)
    compiler = shlex.split(sysconfig.get_config_var("CC"))
    subprocess.run(
        [*compiler, "-std=c11", "-O2", "-shared", "-fPIC", str(file), "-o", str(library)],
        check=True,
    )
    return ctypes.CDLL(str(library))


with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(THREADS) as threads:
    c = built(C, Path(folder))
    for function in (c.count_in_one_cell, c.count_alone):
        function.argtypes = [ctypes.c_long]
    c.count_in_one_cell.restype = None
    c.count_alone.restype = c.in_one_cell.restype = ctypes.c_long

    list(threads.map(c.count_in_one_cell, [TIMES] * THREADS))
    parts = list(threads.map(c.count_alone, [TIMES] * THREADS))

    print(f"in one cell, atomic: {c.in_one_cell():,} of {THREADS * TIMES:,}")
    print(f"in {THREADS} partial sums: {sum(parts):,} of {THREADS * TIMES:,}")
    assert c.in_one_cell() == sum(parts) == THREADS * TIMES
