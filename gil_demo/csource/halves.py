"""A pattern's C, taken apart: what both halves use, each half, what replaces one elsewhere."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from difflib import SequenceMatcher, unified_diff
from itertools import pairwise

from gil_demo.csource.comments import without_comments
from gil_demo.csource.functions import Item, items

HALVES = ("unsafe", "safe", "no_gil", "free_threaded", "unforced")
"""What the name of a function may call it. What several use is shown with the first of them."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of one half, and whether the other half has none like it."""

    text: str
    differs: bool


@dataclass(frozen=True, slots=True)
class Parts:
    """The C of a pattern in parts; each has its functions and what these use, as in the file.

    `shared` is what both halves use, `no_gil` what runs in the place of a half where there is no
    GIL, and `free_threaded` what does so on a free-threaded build, with a GIL or without; '' if
    there is nothing of that kind. What only the unforced half uses is in none.
    """

    shared: str
    unsafe: str
    safe: str
    no_gil: str
    free_threaded: str


def halves(source: str) -> Parts:
    """Take the C of a pattern apart."""
    among = items(source)
    users = {half: _used_by(half, among) for half in HALVES}
    parts: dict[str, list[Item]] = {name: [] for name in ("shared", *HALVES)}
    for item in among:
        using = [half for half in HALVES if item in users[half]]
        one_half = using and not {"unsafe", "safe"} <= set(using)
        parts[using[0] if one_half else "shared"].append(item)
    return Parts(*(_joined(parts[field.name]) for field in fields(Parts)))


def compared(source: str) -> tuple[list[Line], list[Line]]:
    """Return the lines of both halves; marked are those that the other half does not have.

    That a function is called unsafe in one and safe in the other is no difference, and
    neither is a comment.
    """
    parts = halves(source)
    unsafe, safe = parts.unsafe.splitlines(), parts.safe.splitlines()
    essence_unsafe, essence_safe = _essence(unsafe), _essence(safe)
    matcher = SequenceMatcher(None, essence_unsafe, essence_safe, autojunk=False)
    same_unsafe: set[int] = set()
    same_safe: set[int] = set()
    for block in matcher.get_matching_blocks():
        same_unsafe |= set(range(block.a, block.a + block.size))
        same_safe |= set(range(block.b, block.b + block.size))
    return (
        _marked(unsafe, essence_unsafe, same_unsafe),
        _marked(safe, essence_safe, same_safe),
    )


def unified(source: str, name: str) -> str:
    """Return a unified diff from the unsafe half to the safe one."""
    parts = halves(source)
    unsafe, safe = (half.splitlines(keepends=True) for half in (parts.unsafe, parts.safe))
    return "".join(unified_diff(unsafe, safe, f"{name} (unsafe)", f"{name} (safe)"))


def files_diff(unsafe: str, safe: str, name: str) -> str:
    """Return a unified diff from one whole file to another."""
    sides = unsafe.splitlines(keepends=True), safe.splitlines(keepends=True)
    return "".join(unified_diff(*sides, f"{name}.c", f"{name}_safe.c"))


def _used_by(half: str, among: Sequence[Item]) -> set[Item]:
    """Find the functions of a half, named ``…_half…``, and all that they use, directly or not."""
    found = {item for item in among if any(_half_of(name) == half for name in item.names)}
    while True:
        mentioned = frozenset[str]().union(*(item.used for item in found))
        more = {item for item in among if item.names & mentioned} - found
        if not more:
            return found
        found |= more


def _half_of(name: str) -> str | None:
    """Read the half from the name of a function, if it has one."""
    named = re.search(rf"_({'|'.join(HALVES)})(?:_|$)", name)
    return named[1] if named else None


def _joined(part: Sequence[Item]) -> str:
    """Join the text of several items; those that touch each other in the file do so here."""
    if not part:
        return ""
    gaps = (
        "\n" if before.last_line + 1 == after.first_line else "\n\n"
        for before, after in pairwise(part)
    )
    return (
        part[0].text
        + "".join(gap + item.text for gap, item in zip(gaps, part[1:], strict=True))
        + "\n"
    )


def _marked(lines: list[str], essence: list[str], same: set[int]) -> list[Line]:
    return [
        Line(line, number not in same and bool(essence[number]))
        for number, line in enumerate(lines)
    ]


def _essence(lines: list[str]) -> list[str]:
    """Strip comments, indents and the word that names the half from the lines."""
    code = without_comments("\n".join(lines))
    return [re.sub(r"_(un)?safe", "", line).strip() for line in code.split("\n")]
