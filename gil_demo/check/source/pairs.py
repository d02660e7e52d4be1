"""Which parenthesis or brace closes which."""

import re
from functools import lru_cache

EITHER = {"(": re.compile(r"[()]"), "{": re.compile(r"[{}]")}


def closing_paren(text: str, opening: int) -> int:
    """Return where the parenthesis that opens at an offset closes, or -1."""
    return _closings(text, "(").get(opening, -1)


def closing_brace(text: str, opening: int) -> int:
    """Return where the brace that opens at an offset closes, or -1."""
    return _closings(text, "{").get(opening, -1)


@lru_cache(maxsize=16)
def _closings(text: str, opens: str) -> dict[int, int]:
    """Return all pairs of a text, found in one go because a text is asked many times."""
    found: dict[int, int] = {}
    waiting: list[int] = []
    for match in EITHER[opens].finditer(text):
        if match.group() == opens:
            waiting.append(match.start())
        elif waiting:
            found[waiting.pop()] = match.start()
    return found
