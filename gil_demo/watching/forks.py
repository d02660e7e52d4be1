"""How often this process has forked: its children are not watched."""

import os
from functools import cache


def forks() -> int:
    """Count the forks of this process since this was first called."""
    return len(_seen())


@cache
def _seen() -> list[None]:
    """Return a list that grows with each fork."""
    seen: list[None] = []
    os.register_at_fork(after_in_parent=lambda: seen.append(None))
    return seen
