"""The guarded allocator: misuse of array data dies at once, and proper use notices nothing.

What may end the interpreter, and all that installs the allocator, runs in a child process.
"""

import signal
from collections.abc import Callable
from subprocess import CompletedProcess

import pytest

Command = Callable[..., CompletedProcess[str]]
Child = Callable[[str], CompletedProcess[str]]

GUARDED = """
import ctypes, resource, sys, threading
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
import numpy as np
from numpy._core.multiarray import get_handler_name
from gil_demo.native import guard
from gil_demo.native.process import die_with_parent
die_with_parent()
page = resource.getpagesize()

def address(array):
    return array.__array_interface__["data"][0]

def read(where):
    return ctypes.c_char.from_address(where).value

def survived():
    print("survived", flush=True)

guard.install()
"""

HANDLER = """
import contextvars
class Allocator(ctypes.Structure):
    size = ctypes.c_size_t
    _fields_ = [
        ("name", ctypes.c_char * 127),
        ("version", ctypes.c_uint8),
        ("context", ctypes.c_void_p),
        ("malloc", ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, size)),
        ("calloc", ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, size, size)),
        ("realloc", ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, size)),
        ("free", ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, size)),
    ]
(capsule,) = [
    value
    for variable, value in contextvars.copy_context().items()
    if variable.name == "current_allocator"
]
pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
pointer_of.restype, pointer_of.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
allocator = Allocator.from_address(pointer_of(capsule, b"mem_handler"))
"""

INACCESSIBLE = (-signal.SIGSEGV, -signal.SIGBUS)
"""How a process ends that touches what it may not: macOS has the second for some of it."""


@pytest.fixture
def child(python: Command) -> Child:
    """Runs statements in a fresh interpreter with guarded array data."""
    return lambda statements: python(GUARDED + statements)


def died(ended: CompletedProcess[str]) -> bool:
    """Whether the child was killed by the access, after it had said that all before was well."""
    return ended.returncode in INACCESSIBLE and ended.stdout == "survived\n"


def passed(ended: CompletedProcess[str]) -> bool:
    """Whether all statements were carried out."""
    return ended.returncode == 0 and ended.stdout.endswith("survived\n")


# Misuse


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


# Proper use


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


# Where it is, and where it is not


def test_it_has_a_name_that_numpy_tells(child: Child) -> None:
    """NumPy names the allocator in force, and each array that of its data."""
    ended = child("""
assert get_handler_name() == "gil_demo_guard"
assert get_handler_name(np.ones(3)) == "gil_demo_guard"
assert get_handler_name(np.ones(3)[1:]) is None  # a view has no data of its own
survived()
""")
    assert passed(ended), ended


def test_installing_it_twice_is_installing_it_once(child: Child) -> None:
    """Arrays from before a second installation are freed by the allocator that made them."""
    ended = child("""
array = np.ones(100)
guard.install()
another = np.ones(100)
del array, another
survived()
""")
    assert passed(ended), ended


def test_arrays_from_before_keep_their_own_allocator(child: Child, python: Command) -> None:
    """What was made before the allocator was installed is freed as it was made."""
    before = "before = np.arange(1000.0)\nguard.install()"
    ended = python(
        GUARDED.replace("guard.install()", before)
        + """
assert get_handler_name(before) == "default_allocator"
before.resize(2000, refcheck=False)
assert before[:1000].tolist() == list(range(1000))
del before
survived()
"""
    )
    assert passed(ended), ended


def test_a_thread_that_did_not_ask_has_ordinary_arrays(child: Child) -> None:
    """The allocator is local to the context, and a new thread begins with an empty one.

    From 3.14 on, a thread may be made to inherit its starter's context; then it is guarded.
    """
    ended = child("""
names = []
thread = threading.Thread(target=lambda: names.append(get_handler_name(np.ones(3))))
thread.start()
thread.join()
inherits = getattr(sys.flags, "thread_inherit_context", 0)
assert names == ["gil_demo_guard" if inherits else "default_allocator"]
survived()
""")
    assert passed(ended), ended


PARENT = """
from numpy._core.multiarray import get_handler_name
import numpy as np
from gil_demo.cli import run_command_line
assert run_command_line(["try", "borrowed-reference", "lost-update"]) == 0
assert get_handler_name() == get_handler_name(np.ones(3)) == "default_allocator"
"""


def test_the_parent_never_has_it(python: Command) -> None:
    """After trying patterns the process that started them allocates as it always did."""
    ended = python(PARENT)
    assert ended.returncode == 0, ended.stderr


SERVER = """
import os
os.dup2(os.pipe()[0], 0)  # a parent that says nothing and is still there
from gil_demo.sandbox import server
from numpy._core.multiarray import get_handler_name
assert server.answer("lost-update", "safe").outcome == "ok"
assert get_handler_name() == "default_allocator"
print("survived")
"""


def test_the_server_that_forks_the_children_does_not_have_it_either(python: Command) -> None:
    """Only the child installs it, so that each child begins with an allocator of its own."""
    ended = python(SERVER)
    assert passed(ended), ended
