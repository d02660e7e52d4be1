"""The arguments of a call, as text."""

import re

from gil_demo.check.source.pairs import closing_paren

MAX_ARGUMENTS = 2000
"""The longest arguments of which one is looked at."""


def split_arguments(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return where each argument of a call begins and ends."""
    found = []
    depth = 0
    begin = start
    for match in re.finditer(r"[(){}\[\],]", text[start:end]):
        at = start + match.start()
        if match.group() in "([{":
            depth += 1
        elif match.group() in ")]}":
            depth -= 1
        elif not depth:
            found.append((begin, at))
            begin = at + 1
    found.append((begin, end))
    return found


def argument_of(text: str, opening: int, index: int) -> str:
    """Return one argument of the call whose parenthesis opens at an offset, or nothing."""
    closing = closing_paren(text, opening)
    if not 0 < closing <= opening + MAX_ARGUMENTS:
        return ""
    found = split_arguments(text, opening + 1, closing)
    return text[found[index][0] : found[index][1]].strip() if index < len(found) else ""
