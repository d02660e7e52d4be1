"""Values of options can be written in short."""

import pytest

from gil_demo.cli.options import elements, thread_counts


@pytest.mark.parametrize(
    ("text", "size"),
    [("1", 1), ("500k", 500_000), ("20M", 20_000_000), ("20m", 20_000_000), (" 2G ", 2 * 10**9)],
)
def test_sizes_may_be_written_short(text: str, size: int) -> None:
    """k, M and G, large or small, are thousands, millions and billions."""
    assert elements(text) == size


@pytest.mark.parametrize(
    ("text", "threads"), [("1", (1,)), ("1,2,4", (1, 2, 4)), (" 4 , 2", (4, 2)), ("256", (256,))]
)
def test_threads_are_numbers_with_commas(text: str, threads: tuple[int, ...]) -> None:
    """One number or several, with or without spaces."""
    assert thread_counts(text) == threads
