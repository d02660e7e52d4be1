"""Text that is executed: its tree, and the marks in it that matter."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from gil_demo.check import words
from gil_demo.check.flow.effort import Effort
from gil_demo.check.flow.names import ASSERTS, JUMPS
from gil_demo.check.flow.world import World
from gil_demo.check.grammar import HEAD, parse_body
from gil_demo.check.source.pairs import closing_paren

MARK = re.compile(
    r"((?:[A-Za-z_]\w*(?:\[[^\[\]]*\])?\s*(?:->|\.|::)\s*)*)([A-Za-z_~]\w*)"
    r"(\s*\(|\s*(?:[-+*/%&|^]|<<|>>)?=(?!=)|\s*(?:\+\+|--))?"
)
STATEMENT_ARGUMENT = re.compile(r"\b(?!(?:if|for|while|switch|return|sizeof)\b)([A-Za-z_]\w*)\s*\(")
WORD_AND_PAREN = re.compile(r"\b(\w+)\b(?:[ \t]*\()?")
FORWARD = re.compile(r"\bstd\s*::\s*forward\s*<[^<>;{}]*>\s*\(\s*([A-Za-z_]\w*)\s*\)")
STATEMENT = re.compile(r"[;{]|\b(?:return|goto|break|continue)\b|=(?!=)")
MFC = (
    (re.compile(r"\bTRY\b"), "try"),
    (re.compile(r"\b(?:AND_)?CATCH(?:_ALL)?\s*\([^()]*\)"), "catch(...)"),
    (re.compile(r"\bEND_(?:CATCH(?:_ALL)?|TRY)\b"), ""),
)
"""The exceptions of Microsoft's class library, which are macros."""

TEXT_OF_A_STEP = 500
"""How many characters cost a step before they are parsed."""
COST_OF_ERRORS = 3
"""How many times as long the parser's steps may take in text that it cannot read."""
MAX_BLANKS = 200
"""How far around a macro is looked for the text next to it."""


@dataclass(eq=False, slots=True)
class Code:
    """Text that is executed: a function's body, or a macro's with its arguments."""

    text: str
    root: Any
    place: Callable[[int], int]
    marks: list[re.Match[str]]
    starts: list[int]
    level: int

    @property
    def block(self) -> Any:
        """Return the node of the braces around the text, or None where the parser found none."""
        functions = (node for node in self.root.children if node.type == "function_definition")
        function = next(functions, None)
        return None if function is None else function.child_by_field_name("body")


def parsed(
    text: str,
    place: Callable[[int], int],
    level: int,
    cpp: bool,
    world: World,
    effort: Effort,
) -> Code:
    """Parse text and mark what matters in it.

    Raises:
        TooMuch: If that takes more steps than are left.
    """
    if cpp and "forward" in text:
        text = FORWARD.sub(lambda match: match[1].rjust(len(match.group())), text)
    readable = _without_statement_arguments(text, world)
    if cpp and "CATCH" in readable:
        for pattern, replacement in MFC:
            readable = pattern.sub(partial(_padded, replacement), readable)
    steps = 1 + len(text) // TEXT_OF_A_STEP
    most = effort.left()

    def goes_on() -> bool:
        nonlocal steps
        steps += 1
        return steps <= most

    root = parse_body(readable[len(HEAD) :], cpp, goes_on)
    effort.spend(steps * COST_OF_ERRORS if root is not None and root.has_error else steps)
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
    pieces = []
    done = position = len(HEAD)
    while (match := STATEMENT_ARGUMENT.search(text, position)) is not None:
        position = match.end()
        asserts = match[1] in ASSERTS
        if not asserts and not world.takes_statements(match[1]):
            continue
        opening = match.end() - 1
        closing = closing_paren(text, opening)
        if closing > 0 and (asserts or STATEMENT.search(text, opening + 1, closing)):
            pieces += [text[done : opening + 1], "0".ljust(closing - opening - 1)]
            done = position = closing
    return "".join((text[: len(HEAD)], *pieces, text[done:]))


def with_semicolons(text: str, macros: frozenset[str]) -> str:
    """Return the text with a semicolon for a blank behind each macro that is a statement."""
    places: list[int] = []
    for match in WORD_AND_PAREN.finditer(text):
        if match[1] not in macros:
            continue
        end = match.end()
        if match.group().endswith("("):
            end = closing_paren(text, end - 1) + 1
            if not end:
                continue
        near = max(match.start() - MAX_BLANKS, 0)
        before = text[near : match.start()].rstrip()[-1:]
        last = places[-1] + 1 if places else 0
        follows = last > near and not text[last : match.start()].strip()
        if before and before not in ";{}):" and not follows:
            continue
        following = text[end : end + MAX_BLANKS].lstrip()[:1]
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
    waiting = [root] if root.has_error else []
    while waiting:
        node = waiting.pop()
        if node.type == "ERROR" or (node.is_missing and node.type != ";"):
            return True
        waiting += [child for child in node.children if child.has_error or child.is_missing]
    return False
