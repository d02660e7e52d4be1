"""C works on the array's own memory, and refuses memory that it would misread."""

import gc
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kernel_calls import KERNELS, MODES, READING, called
from numpy.typing import NDArray

from gil_demo.native import kernels
from gil_demo.native.kernels import Call, UnsuitableArray
from gil_demo.words import Kernel, Mode


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("mode", MODES)
def test_c_gets_the_address_of_the_array(mode: Mode, kernel: Kernel) -> None:
    """C is given the very address that NumPy names as the array's data: no copy is made."""
    array = np.ones(100)
    assert called(mode, kernel, array).address == array.ctypes.data


@pytest.mark.parametrize("mode", MODES)
def test_a_slice_is_given_as_the_part_of_its_array(mode: Mode) -> None:
    """A slice of an array is its own part of that memory: its first element, not the array's."""
    array = np.arange(100.0)
    call = called(mode, "sum", array[10:20])
    assert call.address == array.ctypes.data + 10 * array.itemsize
    assert call.result == sum(range(10, 20))


@pytest.mark.parametrize("mode", MODES)
def test_c_reads_what_the_array_holds_when_it_is_called(mode: Mode) -> None:
    """A number written into the array after the call was described is the one C adds up."""
    array = np.zeros(100)
    call = Call(mode, "sum", array, 1)
    array[50] = 42.0
    if mode == "native":
        kernels.run_on_native_threads([call])
    else:
        kernels.run(call)
    assert call.result == 42.0


@pytest.mark.parametrize("mode", MODES)
def test_what_c_writes_is_in_the_array(mode: Mode) -> None:
    """`scale` changes the elements it is given, in place, and none beside them."""
    array = np.arange(100.0)
    part = array[10:20]
    assert called(mode, "scale", part).result == -19.0
    expected = np.arange(100.0)
    expected[10:20] *= -1
    assert array.tolist() == expected.tolist()


def test_an_array_of_several_dimensions_is_read_whole() -> None:
    """Rows and columns make no difference: C adds up all elements."""
    array = np.arange(24.0).reshape(2, 3, 4)
    assert called("released", "sum", array).result == sum(range(24))


def test_the_array_lives_as_long_as_the_call() -> None:
    """C borrows memory that stays: the array cannot be freed while a call refers to it."""
    array = np.ones(100)
    watched = weakref.ref(array)
    call = Call("released", "sum", array, 1)
    del array
    gc.collect()
    assert watched() is not None
    kernels.run(call)
    assert call.result == 100.0
    del call
    gc.collect()
    assert watched() is None


@pytest.mark.parametrize("kernel", READING)
def test_a_read_only_array_may_be_read(kernel: Kernel) -> None:
    """An array that nobody may write is good enough for the kernels that only read."""
    array = np.arange(1000.0)
    wanted = called("held", kernel, array).result
    array.flags.writeable = False
    call = called("released", kernel, array)
    assert (call.address, call.result) == (array.ctypes.data, wanted)


@pytest.mark.parametrize("kernel", READING)
def test_a_memory_mapped_file_may_be_read(kernel: Kernel, tmp_path: Path) -> None:
    """A file mapped into memory for reading is read where it is mapped."""
    array = np.arange(1000.0)
    np.save(tmp_path / "numbers.npy", array)
    mapped = np.load(tmp_path / "numbers.npy", mmap_mode="r")
    call = called("released", kernel, mapped)
    assert call.address == mapped.ctypes.data
    assert call.result == called("held", kernel, array).result


@pytest.mark.parametrize("mode", MODES)
def test_a_writing_kernel_refuses_a_read_only_array(mode: Mode) -> None:
    """`scale` does not write into memory that is read-only, and says what to do instead."""
    array = np.arange(10.0)
    array.flags.writeable = False
    with pytest.raises(UnsuitableArray, match=r"read-only.*x\.copy\(\)"):
        Call(mode, "scale", array, 1)
    assert called(mode, "scale", array.copy()).result == -9.0


def misaligned() -> NDArray[Any]:
    return np.zeros(8 * 10 + 1, np.uint8)[1:].view(np.float64)


UNSUITABLE: dict[str, tuple[Any, str, Callable[[Any], Any]]] = {
    "single precision": (
        np.ones(10, np.float32),
        "x.astype(np.float64)",
        lambda x: x.astype(np.float64),
    ),
    "integers": (np.ones(10, np.int64), "x.astype(np.float64)", lambda x: x.astype(np.float64)),
    "byte-swapped": (
        np.ones(10, np.dtype(np.float64).newbyteorder()),
        "x.astype(np.float64)",
        lambda x: x.astype(np.float64),
    ),
    "every other element": (np.ones(20)[::2], "np.ascontiguousarray(x)", np.ascontiguousarray),
    "backwards": (np.ones(10)[::-1], "np.ascontiguousarray(x)", np.ascontiguousarray),
    "columns first": (np.ones((3, 4)).T, "np.ascontiguousarray(x)", np.ascontiguousarray),
    "misaligned": (
        misaligned(),
        "np.require(x, requirements='A')",
        lambda x: np.require(x, requirements="A"),
    ),
    "a single number": (np.array(3.0), "np.atleast_1d(x)", np.atleast_1d),
    "masked": (
        np.ma.masked_array([1.0, 2.0], [True, False]),
        "x.compressed()",
        lambda x: x.compressed(),
    ),
    "a list": ([1.0, 2.0], "np.asarray(x)", np.asarray),
    "a buffer": (memoryview(np.ones(3)), "np.asarray(x)", np.asarray),
}


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(("unsuitable", "named", "fix"), UNSUITABLE.values(), ids=UNSUITABLE)
def test_memory_that_c_would_misread_is_refused(
    kernel: Kernel, unsuitable: Any, named: str, fix: Callable[[Any], Any]
) -> None:
    """What is not plain float64 in a row is refused; the message names a fix, and it works."""
    with pytest.raises(UnsuitableArray) as refusal:
        Call("released", kernel, unsuitable, 1)
    assert named in str(refusal.value)
    assert Call("released", kernel, fix(unsuitable), 1)


@pytest.mark.parametrize("kernel", KERNELS)
def test_an_empty_array_is_refused(kernel: Kernel) -> None:
    """Nothing can be shown on no elements, and the message says to give one."""
    with pytest.raises(UnsuitableArray, match="empty: give it at least one element"):
        Call("held", kernel, np.zeros(0), 1)
