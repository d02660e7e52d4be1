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
import tempfile, os, io, pickle, copy
folder = tempfile.mkdtemp()
npy = os.path.join(folder, "a.npy")
np.save(npy, np.arange(100.0))
guarded_now = gil_demo.guard(align=16)  # less, and old NumPys copy what they unpickle
guarded_now.__enter__()
"""

GUARDED = {
    "zeros": "np.zeros(10)",
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
    "fromiter": "np.fromiter(range(10), float)",
    "resized": "(a := np.arange(10.0), a.resize(1000, refcheck=False))[0]",
    "np.load": "np.load(npy)",
    "fromfile": "np.fromfile(npy)",
    "linalg": "np.linalg.inv(np.eye(3))",
    "fft": "np.fft.fft(np.arange(8.0))",
    "random": "np.random.default_rng(0).random(10)",
    "sort": "np.sort(np.arange(10)[::-1])",
    "masked": "np.ma.masked_array([1, 2], [0, 1]).data",
    "memoryview": "np.asarray(memoryview(np.arange(10)))",
    "deepcopy": "copy.deepcopy(np.arange(10))",
}

UNGUARDED = {
    "memory map": "np.load(npy, mmap_mode='r')",
    "bytes": "np.frombuffer(bytes(80))",
    "bytearray": "np.frombuffer(bytearray(80))",
    "array.array": "np.asarray(__import__('array').array('d', [1.0]))",
    "ctypes": "np.ctypeslib.as_array((ctypes.c_double * 3)())",
    "pickle": "pickle.loads(pickle.dumps(np.arange(10000.0)))",
}


@pytest.mark.parametrize(("rows", "covered"), [(GUARDED, True), (UNGUARDED, False)])
def test_each_row_is_as_listed(rows: dict[str, str], covered: bool, block: Run) -> None:
    """An array's data are guarded if NumPy's default allocator gave them."""
    ended = block(
        COVERED
        + f"""
wrong = []
for name, code in {rows!r}.items():
    array = eval(code)
    if (guard.block_of(array) is not None) != {covered}:
        wrong.append(name)
import shutil; shutil.rmtree(folder)
assert wrong == [], wrong
"""
    )
    assert (ended.returncode, ended.stderr) == (0, "")


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
