"""The guarded allocator kills misuse of array data at once.

What may end the interpreter, and all that installs the allocator, runs in a child process.
"""

import signal

import pytest
from guarded import HANDLER, Child, died


@pytest.mark.parametrize("access", ["read(end)", "ctypes.memset(end, 1, 1)"])
@pytest.mark.parametrize("size", [16, 80, 4096, 65536])
def test_the_first_byte_behind_an_array_kills(size: int, access: str, child: Child) -> None:
    """An array whose size is a multiple of 16 ends exactly where nobody may read or write."""
    ended = child(f"""
array = np.ones({size}, np.int8)
end = address(array) + array.nbytes
read(end - 1); survived()
{access}
""")
    assert died(ended), ended


def test_other_sizes_leave_less_than_an_alignment_behind_them(child: Child) -> None:
    """So that data stay aligned, up to 15 bytes behind an array belong to nobody and can be read.

    An over-run by that little goes unnoticed; one that reaches the 16th byte does not.
    """
    ended = child("""
for size in (1, 15, 17, 24, 4097):
    array = np.ones(size, np.int8)
    assert -(address(array) + size) % page == -size % 16
    read(address(array) + size - 1 + -size % 16)
survived()
read(address(array) + size + -size % 16)
""")
    assert died(ended), ended


@pytest.mark.parametrize("access", ["read(start - 1)", "ctypes.memset(start - 1, 1, 1)"])
def test_the_byte_before_an_array_of_whole_pages_kills(access: str, child: Child) -> None:
    """In front of the first page lies one that nobody may touch, not the allocator's own record."""
    ended = child(f"""
array = np.ones(2 * page, np.int8)
start = address(array)
read(start); survived()
{access}
""")
    assert died(ended), ended


def test_an_under_run_kills_at_the_latest_one_page_before_the_data(child: Child) -> None:
    """A small array lies at the end of its page; what is before it in that page can be read."""
    ended = child("""
array = np.ones(10)
first = address(array) // page * page
read(first); survived()
read(first - 1)
""")
    assert died(ended), ended


@pytest.mark.parametrize("access", ["read(start)", "ctypes.memset(start, 1, 1)"])
@pytest.mark.parametrize("size", [1, 800, 1_000_000])
def test_use_after_free_kills(size: int, access: str, child: Child) -> None:
    """Freed data are out of reach at once, also those of the small arrays that NumPy caches."""
    ended = child(f"""
array = np.ones({size}, np.int8)
start = address(array)
read(start); survived()
del array
{access}
""")
    assert died(ended), ended


def test_freed_memory_is_never_used_again(child: Child) -> None:
    """An array that is made after another was freed lies elsewhere: a stale pointer stays stale."""
    ended = child("""
places = set()
for _ in range(2000):
    array = np.ones(100)
    assert address(array) not in places
    places.add(address(array))
    del array
survived()
read(min(places))
""")
    assert died(ended), ended


def test_a_double_free_aborts_and_says_so(child: Child) -> None:
    """Somebody frees an array's data, and then the array does."""
    ended = child(
        HANDLER
        + """
array = np.ones(100)
allocator.free(None, address(array), array.nbytes)
survived()
del array
"""
    )
    assert ended.returncode == -signal.SIGABRT
    assert ended.stdout == "survived\n"
    assert ended.stderr.splitlines()[0] == "guard: array data freed twice"


def test_resize_moves_the_data_and_the_old_place_kills(child: Child) -> None:
    """What `resize` leaves behind is as dead as what was freed."""
    ended = child("""
array = np.arange(100.0)
before = address(array)
array.resize(200, refcheck=False)
assert address(array) != before
assert array.tolist() == [*range(100), *[0.0] * 100]
survived()
read(before)
""")
    assert died(ended), ended
