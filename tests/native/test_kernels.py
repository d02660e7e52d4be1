"""What the kernels compute, the same in every mode."""

import math
import random
import struct

import numpy as np
import pytest
from kernel_calls import KERNELS, MODES, Doubles, called

from gil_demo.native import kernels
from gil_demo.words import Kernel, Mode

EPSILON = float(np.finfo(np.float64).eps)


def bits(value: float) -> bytes:
    return struct.pack("d", value)


def mixed_numbers(size: int, seed: int = 0) -> Doubles:
    draw = random.Random(seed)
    return np.array([draw.uniform(-1, 1) * 10 ** draw.randint(-3, 3) for _ in range(size)])


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
