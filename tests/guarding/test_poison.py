"""Poison: cheap, no page is touched, and what was written where it must not is told later."""

from collections.abc import Callable
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.mark.parametrize(
    ("outside", "place", "distance"),
    [
        ("address(array) + 80", "past-end", 0),
        ("address(array) + 100", "past-end", 20),
        ("address(array) - 1", "before-start", 1),
        ("address(array) - 64", "before-start", 64),
    ],
)
def test_a_write_beside_the_data_is_told_when_they_are_freed(
    outside: str, place: str, distance: int, guarded: Run
) -> None:
    """Canaries lie on both sides."""
    ended = guarded(f"array = np.ones(10); write({outside}); del array", "--poison")
    assert ended.code == 1
    assert ended.kind == ("damaged", "write")
    block = ended.report["blocks"][0]
    assert (block["place"], block["distance"]) == (place, distance)


def test_a_write_after_the_data_were_freed_is_told(guarded: Run) -> None:
    """Freed data are filled, and looked at when they leave the quarantine or at the end."""
    ended = guarded(
        """
array = np.ones(10)
stale = address(array)
del array
write(stale + 8)
""",
        "--poison",
    )
    assert ended.code == 1
    assert ended.kind == ("damaged", "write")
    block = ended.report["blocks"][0]
    assert (block["place"], block["distance"], block["state"]) == ("inside", 8, "freed")
    assert "after they were freed" in ended.report["sentence"]


def test_freed_data_show_in_results(guarded: Run) -> None:
    """A read after the free is not stopped, but what it gives is NaN."""
    ended = guarded(
        """
array = np.ones(10)
view = (ctypes.c_double * 10).from_address(address(array))
del array
assert all(value != value for value in view)
""",
        "--poison",
    )
    assert ended.code == 0
    assert ended.reports == []


def test_a_double_free_aborts_here_too(guarded: Run, allocator: str) -> None:
    """Freed blocks stay known."""
    ended = guarded(
        allocator + "array = np.ones(9); allocator.free(None, address(array), 72); del array",
        "--poison",
    )
    assert ended.kind == ("freed-twice", "free")


def test_numpy_computes_the_same_on_poisoned_memory(guarded: Run) -> None:
    """Proper use is not reported."""
    ended = guarded(
        """
for size in (0, 1, 3, 100, 70_000, 3_000_000):
    array = np.arange(float(size))
    assert (array * 2 + 1).sum() == size * size
    assert not np.zeros(size).any()
    array.resize(size + 7, refcheck=False)
    assert array[size:].tolist() == [0] * 7
""",
        "--poison",
    )
    assert (ended.code, ended.reports) == (0, []), ended.output
    assert ended.counts["methods"] == ["poison"]
