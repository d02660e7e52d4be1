"""Text that is executed: its tree, and the marks in it that matter."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from gil_demo.check import words
from gil_demo.check.flow.names import ASSERTS, JUMPS
from gil_demo.check.flow.world import World
from gil_demo.check.grammar import HEAD, parse_body
from gil_demo.check.source.pairs import closing_paren

MARK = re.compile(
    r"((?:[A-Za-z_]\w*(?:\[[^\[\]]*\])?\s*(?:->|\.|::)\s*)*)([A-Za-z_~]\w*)"
    r"(\s*\(|\s*(?:[-+*/%&|^]|<<|>>)?=(?!=)|\s*(?:\+\+|--))?"
)
STATEMENT_ARGUMENT = re.compile(r"\b(?!(?:if|for|while|switch|return|sizeof)\b)([A-Za-z_]\w*)\s*\(")
STATEMENT = re.compile(r"[;{]|\b(?:return|goto|break|continue)\b|=(?!=)")
MFC = (
    (re.compile(r"\bTRY\b"), "try"),
    (re.compile(r"\b(?:AND_)?CATCH(?:_ALL)?\s*\([^()]*\)"), "catch(...)"),
    (re.compile(r"\bEND_(?:CATCH(?:_ALL)?|TRY)\b"), ""),
)
"""The exceptions of Microsoft's class library, which are macros."""


@dataclass(eq=False, slots=True)
class Code:
    """Text that is executed: a function's body, or a macro's with its arguments."""

    text: str
    root: Any
    place: Callable[[int], int]
    marks: list[re.Match[str]]
    starts: list[int]
    level: int


def parsed(text: str, place: Callable[[int], int], level: int, cpp: bool, world: World) -> Code:
    """Parse text and mark what matters in it."""
    readable = _without_statement_arguments(text, world)
    if cpp and "CATCH" in readable:
        for pattern, replacement in MFC:
            readable = pattern.sub(partial(_padded, replacement), readable)
    root = parse_body(readable[len(HEAD) :], cpp)
    marks = [
        mark
        for mark in MARK.finditer(text, len(HEAD))
        if mark[3] is not None
        or mark[2] in JUMPS
        or _may_matter(mark[2])
        or text[mark.start(2) - 1] in "&:"
        or _is_label(text, mark.end())
    ]
    return Code(text, root, place, marks, [mark.start(2) for mark in marks], level)


def _without_statement_arguments(text: str, world: World) -> str:
    """Return the text with a number for each macro argument that is a statement."""
    position = len(HEAD)
    while (match := STATEMENT_ARGUMENT.search(text, position)) is not None:
        position = match.end()
        opening = text.find("(", match.start())
        closing = closing_paren(text, opening)
        inside = text[opening + 1 : closing]
        statement = STATEMENT.search(inside) and world.takes_statements(match[1])
        if closing > 0 and (statement or match[1] in ASSERTS):
            text = text[: opening + 1] + "0".ljust(len(inside)) + text[closing:]
            position = closing
    return text


def with_semicolons(text: str, macros: frozenset[str]) -> str:
    """Return the text with a semicolon for a blank behind each macro that is a statement."""
    names = macros.intersection(re.findall(r"\w+", text))
    if not names:
        return text
    places: list[int] = []
    for match in re.finditer(rf"\b(?:{'|'.join(sorted(names))})\b(?:[ \t]*\()?", text):
        end = match.end()
        if match.group().endswith("("):
            end = closing_paren(text, end - 1) + 1
            if not end:
                continue
        before = text[max(match.start() - 200, 0) : match.start()].rstrip()[-1:]
        follows = bool(places) and not text[places[-1] + 1 : match.start()].strip()
        if before and before not in ";{})" and not follows:
            continue
        following = text[end : end + 200].lstrip()[:1]
        if text[end : end + 1].isspace() and (following.isalnum() or following in "_{}*(~#"):
            places.append(end)
    pieces = []
    position = 0
    for place in places:
        pieces += [text[position:place], ";"]
        position = place + 1
    return "".join((*pieces, text[position:]))


def _padded(replacement: str, match: re.Match[str]) -> str:
    return replacement.ljust(len(match.group()))


def _is_label(text: str, end: int) -> bool:
    return text[end : end + 1] == ":" or text[end : end + 2] == " :"


def _may_matter(name: str) -> bool:
    """Tell whether a name without parentheses may be a switch, a guard or a macro."""
    return name in words.SWITCHES or "_" in name or name.isupper() or name[:1].isupper()


def has_error(root: Any) -> bool:
    """Tell whether text was left over; a semicolon that is missing changes nothing."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.type == "ERROR" or (node.is_missing and node.type != ";"):
            return True
        waiting += [child for child in node.children if child.has_error or child.is_missing]
    return False
