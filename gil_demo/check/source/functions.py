"""Functions, methods and lambdas in a text, found by their braces."""

import re
from collections.abc import Generator, Iterator
from itertools import islice

from gil_demo.check.source.lambdas import Definition, with_lambdas
from gil_demo.check.source.pairs import closing_paren

MAX_RESTARTS = 8
"""How often the search for functions starts anew after braces that do not match."""
MAX_FUNCTIONS = 5_000
"""The most functions of a file that are read, lambdas too; in 44 projects no file had 800."""
MAX_NAME = 200
"""How much of a name is kept: each finding repeats it."""

BRACE = re.compile(r"[{}]")
NAME_AND_PAREN = re.compile(r"([A-Za-z_~][\w~]*(?:\s*::\s*[A-Za-z_~][\w~]*)*)\s*(\(?)")
TRANSPARENT = re.compile(r'\b(?:namespace|class|struct|union)\b|\bextern\s*"')
CLASS = re.compile(r"\b(?:class|struct)\s+(?:[A-Z_]+\s+)?([A-Za-z_]\w*)")
MEMBERS = re.compile(r"\s*:(?!:)")
OLD_STYLE = re.compile(r"\)\s*(?:[A-Za-z_][\w\s*,\[\]]*;\s*)+$")
NO_NAMES = frozenset(
    [
        "__attribute__",
        "__declspec",
        "noexcept",
        "throw",
        "decltype",
        "alignas",
        "requires",
        "if",
        "while",
        "for",
        "switch",
        "catch",
        "defined",
        "return",
        "sizeof",
    ]
)
"""Words before a parenthesis that name no function."""


def definitions(code: str, cpp: bool) -> Iterator[Definition]:
    """Find the functions in a reading of a file: the first, and one more if there are too many."""
    return islice(_with_lambdas(code, cpp), MAX_FUNCTIONS + 1)


def _with_lambdas(code: str, cpp: bool) -> Iterator[Definition]:
    for definition in _functions(code):
        if cpp and "[" in definition.body:
            yield from with_lambdas(definition, MAX_FUNCTIONS)
        else:
            yield definition


def _functions(code: str) -> Iterator[Definition]:
    position = 0
    for _ in range(MAX_RESTARTS):
        unclosed = yield from _functions_from(code, position)
        if unclosed is None:
            return
        closing = code.find("\n}", unclosed.opening)
        if closing < 0:
            return
        unclosed.closing = closing + 2
        unclosed.body = code[unclosed.opening : unclosed.closing]
        yield unclosed
        position = closing + 2


def _functions_from(code: str, position: int) -> Generator[Definition, None, Definition | None]:
    """Find functions from a position on; return the one whose braces do not close, if any."""
    owners: list[str] = []
    depth = 0
    previous = position
    current: Definition | None = None
    for match in BRACE.finditer(code, position):
        at = match.start()
        if match.group() == "{":
            if depth:
                depth += 1
                continue
            header_start = _header_start(code, previous, at)
            header = code[header_start:at]
            named = _function_name(header)
            if named is not None:
                name, offset = named
                owner = owners[-1] if owners else ""
                if "::" in name:
                    owner, _, name = name.rpartition("::")
                    owner = owner.rpartition("::")[2].strip()
                name = name.strip()[:MAX_NAME]
                current = Definition(name, owner, header, header_start + offset, at, at, "")
                depth = 1
            elif TRANSPARENT.search(header):
                owners.append(_class_name(header))
            else:
                depth = 1
        elif depth:
            depth -= 1
            if not depth and current is not None:
                current.closing = at + 1
                current.body = code[current.opening : at + 1]
                yield current
                current = None
        elif owners:
            owners.pop()
        if not depth:
            previous = at + 1
    return current


def _header_start(code: str, previous: int, at: int) -> int:
    """Return where the text begins that says what a brace opens."""
    start = max(code.rfind(";", previous, at) + 1, previous)
    old_style = previous < start and "(" not in code[start:at]
    return previous if old_style and OLD_STYLE.search(code, previous, at) else start


def _class_name(header: str) -> str:
    """Return the name of the class that a header begins, or nothing for a namespace."""
    found = CLASS.search(header, max(map(header.rfind, ";()")) + 1)
    return found[1] if found else ""


def _function_name(header: str) -> tuple[str, int] | None:
    """Return the name of the function that a header begins, and where it stands in it."""
    if "(" not in header:
        return None
    if header.rstrip()[-1] in "=,(":
        return None
    candidates = []
    end = 0
    for match in NAME_AND_PAREN.finditer(header):
        if match.start() < end or not match[2]:
            continue
        closing = closing_paren(header, match.end() - 1)
        if closing < 0:
            break
        end = closing + 1
        if match[1] not in NO_NAMES:
            candidates.append(match)
            if MEMBERS.match(header, end):
                break  # what follows initialises a C++ object's members
    if not candidates:
        return None
    named = [match for match in candidates if not match[1].isupper()] or candidates
    if "=" in header[: named[-1].start()]:
        return None
    return named[-1][1], named[-1].start(1)
