"""Says how far some work has come."""

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Is called with the number of steps done and the number of steps in all."""


def unseen(done: int, steps: int) -> None:
    """Tell nobody."""


def part(progress: Progress, before: int, steps: int) -> Progress:
    """Return the progress of a part of some work of `steps` steps, `before` of which come first."""
    return lambda done, _: progress(before + done, steps)
