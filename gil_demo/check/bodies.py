"""What rules ask about the text of a body; each question is answered for all names at once."""

import re
from functools import lru_cache

from gil_demo.check.source.pairs import closing_paren

NAME = re.compile(r"[A-Za-z_]\w*")
ASSIGNED = re.compile(r"\b([A-Za-z_]\w*)\s*=")


def result_of(functions: str) -> re.Pattern[str]:
    """Return a pattern of ``name = function(``, for functions that a pattern names.

    Group 1 is the variable and group 2 the function. A cast may stand before the function.
    """
    cast = r"(?:\(\s*\w+\s*\*\s*\)\s*)?"
    return re.compile(rf"\b([A-Za-z_]\w*)\s*=\s*{cast}({functions})\s*\(")


CONVERTS = result_of("PyArray_(?:FROM_OTF|FROM_OF|FROMANY|FromAny)")
"""NumPy's conversions that are told by flags what array to make."""

MAX_ARGUMENTS = 2000
"""How much of a call's arguments is looked at."""


def arguments_of(text: str, call: re.Match[str]) -> str:
    """Return what stands between the parentheses of a call, whose match ends behind the first."""
    closing = closing_paren(text, call.end() - 1)
    return text[call.end() : min(closing, call.end() + MAX_ARGUMENTS)]


def last_before(text: str, at: int) -> str:
    """Return the last character before an offset that is no blank, or nothing."""
    while at and text[at - 1].isspace():
        at -= 1
    return text[at - 1 : at]


@lru_cache(maxsize=32)
def names_after(text: str, pattern: re.Pattern[str]) -> frozenset[str]:
    """Return the names that stand behind a match of a pattern in the same statement."""
    found: set[str] = set()
    if pattern.search(text):
        for statement in text.split(";"):
            match = pattern.search(statement)
            if match is not None:
                found.update(NAME.findall(statement, match.end()))
    return frozenset(found)


@lru_cache(maxsize=8)
def assigned(text: str) -> dict[str, list[str]]:
    """Return what stands behind ``name =`` up to the end of the statement, by name.

    Of statements that assign more than once, only the last part counts for each name.
    """
    found: dict[str, list[str]] = {}
    for statement in text.split(";")[:-1]:
        matches = list(ASSIGNED.finditer(statement))
        ends = [*(match.start() for match in matches), len(statement)][1:]
        for match, end in zip(matches, ends, strict=False):
            found.setdefault(match[1], []).append(statement[match.end() : end])
    return found
