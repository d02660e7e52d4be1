"""Proper use of arrays notices nothing of the guard."""

from collections.abc import Callable
from subprocess import CompletedProcess
from typing import Any

import pytest

Run = Callable[..., Any]
Command = Callable[..., CompletedProcess[str]]

GUARDED = "from gil_demo.native import guard\nwith gil_demo.guard(method={method!r}):\n"

METHODS = ["markers", "mappings", "poison"]


@pytest.fixture(params=METHODS)
def works(request: pytest.FixtureRequest, block: Run) -> Callable[[str], bool]:
    """Whether statements run to their end with guarded arrays, by each method."""

    def run(statements: str) -> bool:
        body = "".join(f"    {line}\n" for line in statements.splitlines())
        ended = block(GUARDED.format(method=request.param) + body)
        assert (ended.returncode, ended.stderr) == (0, "")
        return True

    return run


def test_resize_keeps_what_fits(works: Run) -> None:
    """Growing adds zeros, shrinking cuts, and an array may shrink to nothing and grow again."""
    assert works("""
for first in (0, 1, 100, 5000):
    for second in (0, 1, 99, 100, 101, 5000):
        array = np.arange(float(first))
        array.resize(second, refcheck=False)
        kept = min(first, second)
        assert array.tolist() == [*range(kept), *[0.0] * (second - kept)], (first, second)
""")


def test_arrays_without_elements_have_data_of_their_own(works: Run) -> None:
    """An empty array has an address that no other array has, and can be freed."""
    assert works("""
arrays = [np.empty(shape) for shape in (0, (3, 0), (0, 5), 0)] + [np.zeros(0)]
assert len({address(array) for array in arrays}) == len(arrays)
assert [array.sum() for array in arrays] == [0.0] * 5
arrays.clear()
""")


def test_more_than_there_is_is_refused_with_memory_error(works: Run) -> None:
    """A size that no address space has room for is an exception, and work goes on after it."""
    assert works("""
for size in (2**48, 2**60, 2**62):
    for make in (np.empty, np.zeros):
        try:
            make(size, np.int8)
        except MemoryError:
            pass
        else:
            raise AssertionError(size)
array = np.ones(10)
try:
    array.resize(2**59, refcheck=False)
except MemoryError:
    pass
assert array.tolist() == [1.0] * 10
""")


def test_sizes_at_the_edge_of_arithmetic_are_refused(works: Run, allocator: str) -> None:
    """No sum or product of sizes overflows into a small block; NumPy itself never asks so much."""
    assert works(
        allocator
        + """
most = 2 ** (8 * ctypes.sizeof(ctypes.c_size_t)) - 1
for size in (most, most - 1, most - 15, most - 4096, most - 5 * 4096, most // 2):
    assert allocator.malloc(None, size) is None, size
for count, size in ((most, 2), (2, most), (most // 2 + 1, 2), (most // 8 + 2, 8), (most, most)):
    assert allocator.calloc(None, count, size) is None, (count, size)
kept = allocator.malloc(None, 100)
assert allocator.realloc(None, kept, most) is None
ctypes.memset(kept, 1, 100)
allocator.free(None, kept, 100)
allocator.free(None, None, 0)
for count, size in ((0, 8), (8, 0), (0, 0)):
    assert allocator.calloc(None, count, size)
"""
    )


def test_zeros_are_zeros(works: Run) -> None:
    """Also in memory that was used before."""
    assert works("""
for size in (0, 1, 15, 16, 4095, 4096, 4097, 1_000_000):
    np.ones(size, np.uint8)
    assert not np.zeros(size, np.uint8).any()
""")


def test_every_dtype_is_aligned(works: Run) -> None:
    """Data need not begin at a multiple of 16, but NumPy finds each array aligned for its dtype."""
    assert works("""
for code in np.typecodes["All"]:
    for size in (*range(40), 63, 64, 65, 1000, 8193):
        assert np.empty(size, code).flags.aligned, (code, size)
""")


def test_numpy_computes_the_same_on_guarded_data(works: Run) -> None:
    """NumPy's vector loops stay within their arrays and give the same bits."""
    assert works("""
def results():
    for code in "bhilfdgFD":
        for size in range(1, 70):
            one = np.arange(1, size + 1).astype(code)
            two = one[::-1].copy()
            for made in (one + two, one * two, np.maximum(one, two), one == two, one.cumsum()):
                yield made.tobytes() if code not in "g" else made.astype("d").tobytes()
            yield np.sort(two).tobytes() if code not in "g" else b""
            yield repr(one.sum())
            if code in "fd":
                yield np.sqrt(one).tobytes() + np.exp(-one).tobytes()
            if code in "fdFD":
                yield repr(one @ two)
guarded = list(results())
guard.switch_on(False)
plain = list(results())
guard.switch_on(True)
assert plain == guarded
""")


def test_many_threads_allocate_and_free_each_others_arrays(works: Run) -> None:
    """Any thread may free any array, and none sees another's elements."""
    assert works("""
from queue import SimpleQueue
queue, wrong = SimpleQueue(), []
def work(number):
    generator = np.random.default_rng(number)
    for turn in range(300):
        array = np.full(int(generator.integers(0, 3000)), float(number))
        if (array != number).any():
            wrong.append(array)
        queue.put(array)
        other = queue.get()
        if other.size and (other != other[0]).any():
            wrong.append(other)
threads = [threading.Thread(target=work, args=[number]) for number in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert not wrong and queue.empty()
""")


def test_numpy_still_calls_its_allocator_by_its_name(works: Run) -> None:
    """Nothing that asks NumPy for the handler sees a difference."""
    assert works("""
from importlib import import_module
core = "numpy._core" if np.lib.NumpyVersion(np.__version__) >= "2.0.0" else "numpy.core"
name = import_module(core + ".multiarray").get_handler_name
assert name() == name(np.ones(3)) == "default_allocator"
""")


def test_an_allocator_of_an_unknown_version_is_left_alone(block: Run, allocator: str) -> None:
    """The guard says so and takes nothing: neither address space nor SIGSEGV."""
    ended = block(
        allocator
        + """
used = lambda: int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
before = used()
allocator.version = 2
for _ in range(2):
    try:
        gil_demo.guard().__enter__()
    except RuntimeError as error:
        print(error)
assert used() - before < 1 << 30
allocator.version = 1
with gil_demo.guard() as guarded:
    np.ones(10)
assert guarded.counts["guarded"] > 0
"""
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.count("default allocator has a version that is not known here") == 2


PARENT = """
from gil_demo.cli import run_command_line
assert run_command_line(["try", "borrowed-reference", "lost-update"]) == 0
from gil_demo.native import guard
assert not guard.is_installed()
"""


def test_the_process_that_tries_patterns_is_never_guarded(python: Command) -> None:
    """Only the gallery's children are."""
    ended = python(PARENT)
    assert ended.returncode == 0, ended.stderr


SERVER = """
import os
os.dup2(os.pipe()[0], 0)  # a parent that says nothing and is still there
from gil_demo.sandbox import server
from gil_demo.native import guard
assert server.answer("lost-update", "safe").outcome == "ok"
assert not guard.is_installed()
"""


def test_the_server_that_forks_the_children_is_not_guarded(python: Command) -> None:
    """Each child begins with an allocator of its own."""
    ended = python(SERVER)
    assert ended.returncode == 0, ended.stderr
