"""A pattern's C, taken apart: the unsafe functions, the safe ones, and where they differ."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher, unified_diff

FUNCTION = r"^(?:/\*(?:(?!\*/).)*\*/\n)?^(?!static|typedef|#)\w[^\n;{}]*\([^{};]*\)\n\{.*?^\}\n"
"""An exported function as csrc/build.py knows it, with the comment right above it."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of one half, and whether the other half has none like it."""

    text: str
    differs: bool


def halves(source: str) -> tuple[str, str]:
    """Split a file into its ``…_unsafe…`` and its ``…_safe…`` functions, in the file's order."""
    functions = [
        match.group() for match in re.finditer(FUNCTION, source, flags=re.MULTILINE | re.DOTALL)
    ]
    unsafe = [text for text in functions if re.search(r"^\w.*_unsafe", text, flags=re.MULTILINE)]
    safe = [text for text in functions if re.search(r"^\w.*_safe", text, flags=re.MULTILINE)]
    return "\n".join(unsafe), "\n".join(safe)


def compared(source: str) -> tuple[list[Line], list[Line]]:
    """Mark the lines of each half that the other half does not have.

    That a function is called unsafe in one and safe in the other is no difference, and
    neither is a comment.
    """
    unsafe, safe = (half.splitlines() for half in halves(source))
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
    """Make a unified diff from the unsafe half to the safe one."""
    unsafe, safe = (half.splitlines(keepends=True) for half in halves(source))
    return "".join(unified_diff(unsafe, safe, f"{name} (unsafe)", f"{name} (safe)"))


def files_diff(unsafe: str, safe: str, name: str) -> str:
    """Make a unified diff from one whole file to another."""
    sides = unsafe.splitlines(keepends=True), safe.splitlines(keepends=True)
    return "".join(unified_diff(*sides, f"{name}.c", f"{name}_safe.c"))


def _marked(lines: list[str], essence: list[str], same: set[int]) -> list[Line]:
    return [
        Line(line, number not in same and bool(essence[number]))
        for number, line in enumerate(lines)
    ]


def without_comments(code: str) -> str:
    """Return the same lines of C without their comments."""

    def blanked(comment: re.Match[str]) -> str:
        return "\n" * comment.group().count("\n")

    return re.sub(r"/\*.*?\*/", blanked, code, flags=re.DOTALL)


def _essence(lines: list[str]) -> list[str]:
    """Return the lines without comments, indents and the word that names the half."""
    code = without_comments("\n".join(lines))
    return [re.sub(r"_(un)?safe", "", line).strip() for line in code.split("\n")]
