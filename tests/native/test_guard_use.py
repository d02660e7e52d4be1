"""Proper use of arrays notices nothing of the guarded allocator.

What may end the interpreter, and all that installs the allocator, runs in a child process.
"""

import pytest
from guarded import HANDLER, Child, passed


def test_resize_keeps_what_fits(child: Child) -> None:
    """Growing adds zeros, shrinking cuts, and an array may shrink to nothing and grow again."""
    ended = child("""
for first in (0, 1, 100, 5000):
    for second in (0, 1, 99, 100, 101, 5000):
        array = np.arange(float(first))
        array.resize(second, refcheck=False)
        kept = min(first, second)
        assert array.tolist() == [*range(kept), *[0.0] * (second - kept)], (first, second)
        assert get_handler_name(array) == "gil_demo_guard"
survived()
""")
    assert passed(ended), ended


def test_arrays_without_elements_have_data_of_their_own(child: Child) -> None:
    """An empty array has an address that no other array has, and can be freed."""
    ended = child("""
arrays = [np.empty(shape) for shape in (0, (3, 0), (0, 5), 0)] + [np.zeros(0)]
assert len({address(array) for array in arrays}) == len(arrays)
assert [array.sum() for array in arrays] == [0.0] * 5
arrays.clear()
survived()
""")
    assert passed(ended), ended


@pytest.mark.parametrize("make", ["np.empty", "np.zeros"])
def test_more_than_there_is_is_refused_with_memory_error(make: str, child: Child) -> None:
    """A size that no address space has room for is an exception, and work goes on after it."""
    ended = child(f"""
for size in (2**48, 2**60, 2**62):
    try:
        {make}(size, np.int8)
    except MemoryError as error:
        assert "Unable to allocate" in str(error)
    else:
        raise AssertionError(size)
array = np.ones(10)
try:
    array.resize(2**59, refcheck=False)
except MemoryError:
    pass
assert array.tolist() == [1.0] * 10
survived()
""")
    assert passed(ended), ended


def test_sizes_at_the_edge_of_arithmetic_are_refused(child: Child) -> None:
    """No sum or product of sizes overflows into a small block; NumPy itself never asks so much."""
    ended = child(
        HANDLER
        + """
most = 2 ** (8 * ctypes.sizeof(ctypes.c_size_t)) - 1
for size in (most, most - 1, most - 15, most - page, most - 5 * page, most - 6 * page, most // 2):
    assert allocator.malloc(None, size) is None, size
for count, size in ((most, 2), (2, most), (most // 2 + 1, 2), (most // 8 + 2, 8), (most, most)):
    assert allocator.calloc(None, count, size) is None, (count, size)
kept = allocator.malloc(None, 100)
assert allocator.realloc(None, kept, most) is None
ctypes.memset(kept, 1, 100)
allocator.free(None, kept, 100)
allocator.free(None, None, 0)
survived()
"""
    )
    assert passed(ended), ended


def test_running_out_of_mappings_is_a_memory_error_too(child: Child) -> None:
    """Where the system allows no more mappings, that is an exception; freeing makes room again."""
    ended = child("""
arrays = []
try:
    while len(arrays) < 200_000:
        arrays.append(np.empty(1))
except MemoryError:
    pass
arrays[:] = arrays[:100]
np.ones(1000)
survived()
""")
    assert passed(ended), ended


def test_zeros_are_zeros(child: Child) -> None:
    """`zeros` is zero for any size, and so is `calloc` of nothing, which is not NULL."""
    ended = child(
        HANDLER
        + """
for size in (0, 1, 15, 16, 4095, 4096, 4097, 1_000_000):
    assert not np.zeros(size, np.uint8).any()
for count, size in ((0, 8), (8, 0), (0, 0)):
    assert allocator.calloc(None, count, size)
survived()
"""
    )
    assert passed(ended), ended


def test_data_are_aligned_for_vector_instructions(child: Child) -> None:
    """Every size of every type begins at a multiple of 16, as malloc promises."""
    ended = child("""
for code in np.typecodes["All"]:
    for size in (*range(40), 63, 64, 65, 1000, 8193):
        array = np.empty(size, code)
        assert address(array) % 16 == 0, (code, size)
        assert array.flags.aligned
survived()
""")
    assert passed(ended), ended


def test_numpy_computes_the_same_on_guarded_data(child: Child) -> None:
    """NumPy's vector loops stay within their arrays and give the same bits."""
    ended = child("""
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
import contextvars
plain = contextvars.Context().run(lambda: (get_handler_name(), list(results())))
assert plain == ("default_allocator", guarded)
survived()
""")
    assert passed(ended), ended


def test_many_threads_allocate_and_free_each_others_arrays(child: Child) -> None:
    """Each thread that asks for it has guarded arrays; any thread may free them."""
    ended = child("""
from queue import SimpleQueue
queue, wrong = SimpleQueue(), []

def work(number):
    guard.install()
    generator = np.random.default_rng(number)
    for turn in range(300):
        array = np.full(int(generator.integers(0, 3000)), float(number))
        if get_handler_name(array) != "gil_demo_guard" or (array != number).any():
            wrong.append(array)
        queue.put(array)
        other = queue.get()
        if other.size and (other != other[0]).any():
            wrong.append(other)

threads = [threading.Thread(target=work, args=[number]) for number in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert not wrong and queue.empty()
survived()
""")
    assert passed(ended), ended
