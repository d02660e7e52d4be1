"""The door to C: which memory C works on, what it computes, and when it was inside."""

import errno
import gc
import math
import random
import struct
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from subprocess import CompletedProcess
from types import SimpleNamespace
from typing import Any, get_args

import numpy as np
import pytest
from numpy.typing import NDArray

from gil_demo.host import machine
from gil_demo.measuring.race import run_race
from gil_demo.native import kernels
from gil_demo.native.kernels import Call, UnsuitableArray
from gil_demo.words import Kernel, Mode

Doubles = NDArray[np.float64]
Command = Callable[..., CompletedProcess[str]]

KERNELS: tuple[Kernel, ...] = get_args(Kernel)
READING: tuple[Kernel, ...] = tuple(k for k in KERNELS if k not in kernels.WRITING_KERNELS)
MODES: tuple[Mode, ...] = get_args(Mode)
EPSILON = float(np.finfo(np.float64).eps)

SECONDS_LONG = 1_000_000
"""Passes of `spin` over 1,000 elements: seconds of work, which tests cut short."""


@pytest.fixture(autouse=True)
def not_cancelled() -> None:
    """No test begins with what another one, or Ctrl-C, has cancelled."""
    kernels.set_cancelled(False)


def called(mode: Mode, kernel: Kernel, array: Doubles, passes: int = 1) -> Call:
    call = Call(mode, kernel, array, passes)
    if mode == "native":
        kernels.run_on_native_threads([call])
    else:
        kernels.run(call)
    return call


def bits(value: float) -> bytes:
    return struct.pack("d", value)


def mixed_numbers(size: int, seed: int = 0) -> Doubles:
    draw = random.Random(seed)
    return np.array([draw.uniform(-1, 1) * 10 ** draw.randint(-3, 3) for _ in range(size)])


@contextmanager
def calls_in_progress(count: int) -> Iterator[list[Call]]:
    """Released calls that are all inside C during the block, and end with it."""
    kernels.set_cancelled(False)
    calls = [Call("released", "spin", np.zeros(1000), SECONDS_LONG) for _ in range(count)]
    threads = [threading.Thread(target=kernels.run, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    while not all(call.enter_ns for call in calls):
        time.sleep(0.001)
    try:
        yield calls
    finally:
        kernels.set_cancelled(True)
        for thread in threads:
            thread.join()
        kernels.set_cancelled(False)


# Whose memory


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


# What is computed


@pytest.mark.parametrize("kernel", KERNELS)
def test_all_modes_compute_the_same_bits(kernel: Kernel) -> None:
    """Held, released and native are one piece of C: the results do not differ in one bit."""
    results = {
        bits(called(mode, kernel, mixed_numbers(10_007), passes).result)
        for mode in MODES
        for passes in (1, 3)
        if kernel != "spin" or passes == 1  # spin goes on from where its last pass ended
    }
    assert len(results) == 1


def test_sum_adds_in_order_with_one_accumulator() -> None:
    """`sum` is the question's loop: its result is that of the same loop in Python, to the bit."""
    array = mixed_numbers(10_007)
    total = 0.0
    for number in array.tolist():
        total += number
    assert called("released", "sum", array).result == total


def test_sum_is_as_accurate_as_one_accumulator_can_be() -> None:
    """Each of n additions rounds once, so the error is at most n roundings of the magnitudes."""
    array = mixed_numbers(10_007)
    error = abs(called("released", "sum", array).result - math.fsum(array))
    assert error <= array.size * EPSILON / 2 * math.fsum(np.abs(array))


def test_sum_wide_takes_every_element_once() -> None:
    """Whole numbers add up exactly, for every size from 1 to 900, whatever is left of a block."""
    numbers = np.arange(1.0, 901.0) ** 3
    for size in range(1, 901):
        part = numbers[:size]
        assert called("released", "sum_wide", part).result == math.fsum(part), size


def test_sum_wide_is_accurate_at_every_size() -> None:
    """The error stays within 32 roundings of the magnitudes, as short blocks promise.

    An accumulator takes 24 elements of a block, 4 more additions join the
    accumulators, and the rest is compensated.
    """
    numbers = mixed_numbers(900)
    for size in range(1, 901):
        part = numbers[:size]
        error = abs(called("released", "sum_wide", part).result - math.fsum(part))
        assert error <= 32 * EPSILON / 2 * math.fsum(np.abs(part)), size


def test_sum_wide_keeps_what_the_total_would_round_away() -> None:
    """Small numbers after a large one are not lost one by one: the total is compensated."""
    array = np.ones((4, 96 * 128))
    array[:, :512] = 0.0  # apart from the rest, in whatever blocks C reads the array
    array[0, 0] = 2.0**64
    assert called("released", "sum", array).result == 2.0**64
    assert called("released", "sum_wide", array).result == math.fsum(array.flat) > 2.0**64


@pytest.mark.parametrize("place", [0, 95, 96, 500, 899])
@pytest.mark.parametrize("kernel", ["sum", "sum_wide"])
def test_a_sum_over_infinity_is_infinity(kernel: Kernel, place: int) -> None:
    """One infinity makes the sum infinite with its sign; no compensation turns it into nan."""
    array = np.ones(900)
    array[place] = math.inf
    assert called("released", kernel, array).result == math.inf
    array[place] = -math.inf
    assert called("released", kernel, array).result == -math.inf


@pytest.mark.parametrize("place", [0, 95, 96, 500, 898])
@pytest.mark.parametrize("kernel", ["sum", "sum_wide"])
def test_a_sum_over_nan_is_nan(kernel: Kernel, place: int) -> None:
    """One nan makes the sum nan, and so do two infinities of opposite sign."""
    array = np.ones(900)
    array[place] = math.nan
    assert math.isnan(called("released", kernel, array).result)
    array[place], array[899] = math.inf, -math.inf
    assert math.isnan(called("released", kernel, array).result)


@pytest.mark.parametrize("mode", MODES)
def test_scale_changes_the_sign_once_a_pass(mode: Mode) -> None:
    """After an even number of passes an array is what it was; after an odd one, its negative."""
    array = mixed_numbers(1000)
    before = array.copy()
    assert called(mode, "scale", array, 3).result == -before[-1]
    assert array.tolist() == (-before).tolist()
    called(mode, "scale", array, 1)
    assert array.tolist() == before.tolist()


def test_spin_does_the_arithmetic_of_its_loop() -> None:
    """`spin` computes what the same loop computes in Python, from pass to pass.

    The tolerance is for compilers that may multiply and add in one rounding.
    """
    x = 0.0
    for _ in range(3 * 1000):
        x = x * 0.999999 + 1.0
    assert called("released", "spin", np.zeros(1000), 3).result == pytest.approx(x, rel=1e-12)


def test_spin_does_not_look_at_the_array() -> None:
    """`spin` works on no memory: what the array holds makes no difference."""
    numbers, nothing = np.ones(1000), np.full(1000, math.nan)
    results = [called("released", "spin", array).result for array in (numbers, nothing)]
    assert results[0] == results[1]


def test_python_and_c_name_the_same_kernels() -> None:
    """Every kernel of the C is offered by name in Python, in the same order, and no other."""
    assert kernels.kernels() == KERNELS


# When it was inside


@pytest.mark.parametrize("mode", MODES)
def test_spans_are_stamped_by_the_clock_of_monotonic_ns(mode: Mode) -> None:
    """A call's span lies between two readings of Python's clock around it, so they compare."""
    before = time.monotonic_ns()
    call = called(mode, "spin", np.zeros(1000), 100)
    after = time.monotonic_ns()
    assert before <= call.enter_ns < call.exit_ns <= after


@pytest.mark.parametrize("mode", MODES)
def test_processor_time_is_that_of_the_call(mode: Mode) -> None:
    """A call's processor time is at least that of its work and at most this process's own."""
    before = time.process_time_ns()
    call = called(mode, "spin", np.zeros(1000), 1000)
    assert 0 < call.cpu_ns <= time.process_time_ns() - before


def test_released_calls_are_inside_together() -> None:
    """Released, no call waits for another to leave: four are inside C at one moment."""
    with calls_in_progress(4) as calls:
        assert [call.exit_ns for call in calls] == [0, 0, 0, 0]
    assert max(call.enter_ns for call in calls) < min(call.exit_ns for call in calls)


def test_python_goes_on_while_a_released_call_is_inside() -> None:
    """Released, a call keeps nobody waiting: this test does something before it ends."""
    with calls_in_progress(1) as (call,):
        noticed = time.monotonic_ns()
        assert call.exit_ns == 0
    assert call.enter_ns < noticed < call.exit_ns


def test_a_held_call_is_inside_alone() -> None:
    """Held, a call keeps all others out: their spans never overlap, and neither do held ones."""
    calls = [Call("held", "spin", np.zeros(1000), 2000) for _ in range(4)]
    threads = [threading.Thread(target=kernels.run, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    in_order = sorted(calls, key=lambda call: call.enter_ns)
    apart = [a.exit_ns <= b.enter_ns for a, b in pairwise(in_order)]
    assert all(apart) == machine.gil_enabled()


def test_only_the_released_module_releases_the_gil() -> None:
    """The held module does not even refer to the function that releases the GIL."""
    released = Path(kernels._MODULES["released"].__file__).read_bytes()
    held = Path(kernels._MODULES["held"].__file__).read_bytes()
    for function in (b"PyEval_SaveThread", b"PyEval_RestoreThread"):
        assert function in released
        assert function not in held


# Ends before its time


def test_cancelling_ends_a_call_in_progress() -> None:
    """A call that would go on for minutes ends after the pass it is in."""
    kernels.set_cancelled(False)
    call = Call("released", "spin", np.zeros(1000), 30 * SECONDS_LONG)
    thread = threading.Thread(target=kernels.run, args=[call], daemon=True)
    thread.start()
    while not call.enter_ns:
        time.sleep(0.001)
    kernels.set_cancelled(True)
    thread.join(timeout=20)
    kernels.set_cancelled(False)
    assert not thread.is_alive()
    assert call.exit_ns > call.enter_ns


@pytest.mark.parametrize("mode", MODES)
def test_a_cancelled_call_makes_no_pass(mode: Mode) -> None:
    """A call that begins after cancelling leaves at once and touches nothing."""
    array = np.ones(1000)
    kernels.set_cancelled(True)
    called(mode, "scale", array, 3)
    kernels.set_cancelled(False)
    assert array.tolist() == [1.0] * 1000


@pytest.mark.parametrize("mode", MODES)
def test_the_next_race_runs_in_full_after_a_cancelled_one(mode: Mode) -> None:
    """Cancelling ends what runs now; the race after it computes everything again."""
    kernels.set_cancelled(True)
    assert run_race(mode, "sum", [np.ones(1000)] * 2, 1).results == (1000.0, 1000.0)


def test_threads_that_cannot_be_had_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the system has no more threads to give, that is said, with how many were wanted."""
    refusing = SimpleNamespace(SUM=0, run_on_native_threads=lambda *_: errno.EAGAIN)
    real = kernels._released.ffi
    monkeypatch.setattr(kernels, "_released", SimpleNamespace(ffi=real, lib=refusing))
    with pytest.raises(OSError, match="cannot start 2 native threads") as refusal:
        kernels.run_on_native_threads([Call("native", "sum", np.ones(10), 1) for _ in range(2)])
    assert refusal.value.errno == errno.EAGAIN


def test_the_compiler_is_known() -> None:
    """The C says which compiler built it, with a version."""
    assert any(character.isdigit() for character in kernels.compiler())
