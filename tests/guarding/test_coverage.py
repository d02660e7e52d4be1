"""What is guarded and what is not, row by row as docs/guard.md lists it."""

from collections.abc import Callable
from typing import Any

import pytest

Run = Callable[..., Any]

COVERED = """
from gil_demo.native import guard
def owner(array):
    while getattr(array, "base", None) is not None and isinstance(array.base, np.ndarray):
        array = array.base
    return array
import tempfile, os, io, pickle, copy, mmap
from multiprocessing import Pool
from multiprocessing.shared_memory import SharedMemory
folder = tempfile.mkdtemp()
npy, npz = os.path.join(folder, "a.npy"), os.path.join(folder, "a.npz")
np.save(npy, np.arange(100.0))
np.savez(npz, a=np.arange(100.0))

size = ctypes.c_ssize_t
new = ctypes.PYFUNCTYPE(  # PyArray_New
    ctypes.py_object, ctypes.py_object, ctypes.c_int, ctypes.POINTER(size), ctypes.c_int,
    ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_int, ctypes.c_void_p,
)(table[93])
take_memory = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_size_t)(table[288])  # PyDataMem_NEW

def array_of_c(data):
    writeable_and_aligned = 0x500
    double = np.dtype(float).num
    return new(np.ndarray, 1, size(10), double, None, data, 0, writeable_and_aligned, None)

def from_another_process():
    pool = Pool(1)
    array = pool.apply(np.arange, (10000.0,))
    pool.close(), pool.join()  # leaving a with block can hang: cpython#78178
    return array

class Owner:
    memory = mmap.mmap(-1, 4096)
    where = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    __array_interface__ = dict(version=3, typestr="<f8", shape=(10,), data=(where, False))

guarded_now = gil_demo.guard(align=16)  # less, and old NumPys copy what they unpickle
guarded_now.__enter__()
"""

GUARDED = {
    "zeros": "np.zeros(10)",
    "ones": "np.ones(10)",
    "empty": "np.empty(10)",
    "arange": "np.arange(10)",
    "copy": "np.arange(10).copy()",
    "view": "np.arange(10.0)[::-2]",
    "fancy indexing": "np.arange(10)[[1, 3]]",
    "ufunc result": "np.sin(np.arange(10.0))",
    "temporaries": "np.arange(1e5) + np.arange(1e5) + 1",
    "zero size": "np.empty(0)",
    "zero dimensions": "np.array(1.0)",
    "objects": "np.array([1, 'a', None], dtype=object)",
    "structured": "np.zeros(3, dtype='i4,f8')",
    "strings": "np.array(['abc', 'de'])",
    "short strings": "np.array(['a', 'bc'], getattr(np.dtypes, 'StringDType', lambda: object)())",
    "fromstring": "np.fromstring('1 2 3', sep=' ')",
    "fromiter": "np.fromiter(range(10), float)",
    "resized": "(a := np.arange(10.0), a.resize(1000, refcheck=False))[0]",
    "np.load": "np.load(npy)",
    "np.load of an archive": "np.load(npz)['a']",
    "fromfile": "np.fromfile(npy)",
    "linalg": "np.linalg.inv(np.eye(3))",
    "fft": "np.fft.fft(np.arange(8.0))",
    "random": "np.random.default_rng(0).random(10)",
    "sort": "np.sort(np.arange(10)[::-1])",
    "masked": "np.ma.masked_array([1, 2], [0, 1]).data",
    "memoryview": "np.asarray(memoryview(np.arange(10)))",
    "deepcopy": "copy.deepcopy(np.arange(10))",
    "made by C through NumPy": "array_of_c(None)",
}

UNGUARDED = {
    "memory map": "np.load(npy, mmap_mode='r')",
    "bytes": "np.frombuffer(bytes(80))",
    "bytearray": "np.frombuffer(bytearray(80))",
    "array.array": "np.asarray(__import__('array').array('d', [1.0]))",
    "ctypes": "np.ctypeslib.as_array((ctypes.c_double * 3)())",
    "shared memory": "np.frombuffer((memory := SharedMemory(create=True, size=80)).buf)",
    "another owner": "np.asarray(Owner())",
    "C's own memory": "array_of_c(take_memory(80))",
    "pickle": "pickle.loads(pickle.dumps(np.arange(10000.0)))",
    "result of multiprocessing": "from_another_process()",
    "buffer of an iterator": (
        "next(np.nditer(np.arange(10), ['buffered', 'external_loop'], op_dtypes='f4',"
        " casting='unsafe'))"
    ),
}


@pytest.mark.parametrize(("rows", "covered"), [(GUARDED, True), (UNGUARDED, False)])
def test_each_row_is_as_listed(
    rows: dict[str, str], covered: bool, block: Run, allocator: str
) -> None:
    """An array's data are guarded if NumPy's default allocator gave them."""
    ended = block(
        allocator
        + COVERED
        + f"""
wrong = []
for name, code in {rows!r}.items():
    array = eval(code)
    if (guard.block_of(array) is not None) != {covered}:
        wrong.append(name)
import shutil; shutil.rmtree(folder)
if "memory" in globals():
    del array
    memory.close(), memory.unlink()
guarded_now.__exit__(None, None, None)
assert wrong == [], wrong
"""
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_scalars_and_shapes_are_not_guarded(block: Run) -> None:
    """A scalar has its number in the object, and an array its shape in memory of its own."""
    ended = block("""
from gil_demo.native import guard
head = object.__basicsize__
with gil_demo.guard():
    array, scalar, record = np.zeros((2, 3)), np.float64(1), np.void(b"abcdefgh")
    pointer = ctypes.c_void_p.from_address
    assert pointer(id(array) + head).value == address(array)
    shape = pointer(id(array) + head + 16).value
    assert (ctypes.c_ssize_t * 2).from_address(shape)[:] == [2, 3]
    data = pointer(id(record) + head + 8).value  # behind the length
    assert ctypes.string_at(data, 8) == b"abcdefgh"
    for where in (shape, id(scalar) + head, data):
        assert guard._c().block(where) is None
""")
    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_letters_of_long_strings_are_not_guarded(block: Run) -> None:
    """The entries of a StringDType are, and long strings lie in memory of NumPy's own."""
    ended = block("""
def blocks(text):
    before = guarded.counts["guarded"]
    array = np.full(10, text, np.dtypes.StringDType())
    assert array.nbytes == 160
    return guarded.counts["guarded"] - before
with gil_demo.guard() as guarded:
    blocks("short")
    assert blocks("short") == blocks("long" * 10_000) > 0
""")
    assert (ended.returncode, ended.stderr) == (0, "")


def test_work_buffers_of_a_sort_are_guarded(block: Run) -> None:
    """NumPy asks its allocator for them too: elements that are not contiguous are copied there."""
    ended = block("""
with gil_demo.guard() as guarded:
    array = np.arange(100.0)[::-2]
    before = guarded.counts["guarded"]
    array.sort()
    assert guarded.counts["guarded"] > before
""")
    assert (ended.returncode, ended.stderr) == (0, "")


def test_what_a_package_allocates_for_itself_is_not_guarded(guarded: Run) -> None:
    """Memory from malloc has other memory behind it."""
    ended = guarded("""
library = ctypes.CDLL(None)
library.malloc.restype = ctypes.c_void_p
read(library.malloc(ctypes.c_size_t(1000)) + 1000)
""")
    assert (ended.code, ended.reports) == (0, [])


@pytest.mark.parametrize(("flag", "processes"), [("-P", 2), ("-I", 1), ("-E", 1), ("-S", 1)])
def test_an_isolated_python_is_not_guarded(flag: str, processes: int, guarded: Run) -> None:
    """It does not read the variable by which a child learns how to guard itself."""
    ended = guarded(f"""
import subprocess
code = "import sys; sys.path += " + repr(sys.path) + "; import numpy; numpy.ones(9)"
subprocess.run([sys.executable, {flag!r}, "-c", code], check=True)
""")
    assert ended.counts["processes"] == processes


def test_an_index_within_the_array_is_not_seen(guarded: Run) -> None:
    """A wrong index that meets another element of the same array is no fault of memory."""
    ended = guarded("array = np.arange(10.0).reshape(2, 5); read(address(array[1]) + 8)")
    assert (ended.code, ended.reports) == (0, [])


def test_the_kernel_answers_with_an_error_instead_of_a_fault(guarded: Run) -> None:
    """A system call on freed data fails with EFAULT, and no report is made."""
    ended = guarded("""
import os
array = np.ones(1000)
stale = address(array)
del array
reader, writer = os.pipe()
library = ctypes.CDLL(None, use_errno=True)
assert library.write(writer, ctypes.c_void_p(stale), 8) == -1
import errno
assert ctypes.get_errno() == errno.EFAULT
""")
    assert (ended.code, ended.reports) == (0, [])


def test_a_read_just_before_the_start_needs_edge_start(guarded: Run) -> None:
    """With the end at the edge, the bytes before the data can be read."""
    ended = guarded("array = np.arange(10.0); read(address(array) - 8)")
    assert (ended.code, ended.reports) == (0, [])


def test_an_index_that_meets_another_live_array_is_not_seen(guarded: Run) -> None:
    """It jumps over the gap, to memory that may be accessed."""
    ended = guarded("""
one, two = np.zeros(1000), np.zeros(1000)
read(address(one) + (address(two) - address(one)))
""")
    assert (ended.code, ended.reports) == (0, [])


def test_a_read_just_past_the_end_needs_edge_end(guarded: Run) -> None:
    """With the start at the edge, the rest of the page can be read."""
    ended = guarded("array = np.arange(10.0); read(address(array) + 80)", "--edge", "start")
    assert (ended.code, ended.reports) == (0, [])


def test_data_out_of_quarantine_may_be_another_array_s(guarded: Run) -> None:
    """A use after free is certain to be seen only while the block is in quarantine."""
    ended = guarded(
        """
array = np.arange(10.0)
stale = address(array)
del array
other = np.arange(10.0)
assert address(other) == stale
read(stale)
""",
        "--quarantine",
        "0",
    )
    assert (ended.code, ended.reports) == (0, [])
