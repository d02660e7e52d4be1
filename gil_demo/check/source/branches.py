"""The lines of the preprocessor, and readings of a text that keep one branch of each ``#if``."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from gil_demo.check.source.blanks import blank
from gil_demo.check.source.conditions import taken

DIRECTIVE = re.compile(
    r"^[ \t]*#[ \t]*([a-z]*)[^\n\\]*(?:\\(?:\r\n|[\s\S]?)[^\n\\]*)*", re.MULTILINE
)
ASKS_IF_DEFINED = re.compile(
    r"(?:ifdef|if(n)def|if\s+(!)?\s*defined)\s*\(?\s*([A-Za-z_]\w*)\s*\)?\s*"
)
OPENS = frozenset(["if", "ifdef", "ifndef"])
GOES_ON = frozenset(["elif", "else", "elifdef", "elifndef"])


class Directive(NamedTuple):
    """A line of the preprocessor, continuation lines included."""

    start: int
    end: int
    kind: str


def directives_of(code: str) -> list[Directive]:
    """Return the lines of the preprocessor, in order."""
    return [Directive(m.start(), m.end(), m[1]) for m in DIRECTIVE.finditer(code)]


@dataclass(slots=True)
class _Chain:
    """One ``#if`` … ``#endif`` while its branches are walked."""

    outer: bool
    done: bool
    active: bool


class Branches:
    """The text of a file with its directives, from which readings are made."""

    def __init__(self, code: str, directives: list[Directive], cpp: bool) -> None:
        """Begin with the text without comments."""
        self._code = code
        self._directives = directives
        self._cpp = cpp

    def reading(self, unknown: bool, wanted: tuple[int, ...] = ()) -> str:
        """Return the text without directives and without the branches that are not taken.

        Args:
            unknown: Whether a symbol that nobody knows counts as defined.
            wanted: Offsets that must stay; their branches are taken whatever the conditions.
        """
        code, directives = self._code, self._directives
        if not directives:
            return code
        holds, later = self._wanted(wanted) if wanted else (set(), set())
        pieces = [code[: directives[0].start]]
        chains: list[_Chain] = []
        ends = [directive.start for directive in directives[1:]] + [len(code)]
        for index, (directive, end) in enumerate(zip(directives, ends, strict=True)):
            kind = directive.kind
            if kind in OPENS:
                yes = index in holds or (index not in later and self._taken[index][unknown])
                outer = chains[-1].active if chains else True
                chains.append(_Chain(outer, yes, outer and yes))
            elif kind in GOES_ON and chains:
                chain = chains[-1]
                yes = not chain.done and (
                    index in holds or (index not in later and self._taken[index][unknown])
                )
                chain.done = chain.done or yes
                chain.active = chain.outer and yes
            elif kind == "endif" and chains:
                chains.pop()
            pieces.append(blank(code[directive.start : directive.end]))
            rest = code[directive.end : end]
            pieces.append(rest if not chains or chains[-1].active else blank(rest))
        return "".join(pieces)

    def kept(self) -> Iterator[Directive]:
        """Yield the directives that some reading keeps."""
        chains: list[tuple[bool, bool]] = []  # whether this branch is out, whether the rest is
        out_depth = 0
        for directive, taken_if in zip(self._directives, self._taken, strict=True):
            kind = directive.kind
            if kind in OPENS or kind in GOES_ON:
                answers = set(taken_if)
                rest_is_out = False
                if kind in GOES_ON and chains:
                    was_out, rest_is_out = chains.pop()
                    out_depth -= was_out
                out = rest_is_out or answers == {False}
                out_depth += out
                chains.append((out, rest_is_out or answers == {True}))
            elif kind == "endif" and chains:
                out_depth -= chains.pop()[0]
            if not out_depth:
                yield directive

    @cached_property
    def _taken(self) -> list[tuple[bool, bool]]:
        """Return whether each branch is taken: with unknown symbols undefined, and defined."""
        return [self._both(directive) for directive in self._directives]

    def _both(self, directive: Directive) -> tuple[bool, bool]:
        kind = directive.kind
        if kind not in OPENS and kind not in GOES_ON:
            return False, False
        if kind == "else":
            return True, True
        condition = self._code[directive.start : directive.end].partition(kind)[2]
        first, second = (taken(kind, condition, self._cpp, unknown) for unknown in (False, True))
        return first, second

    def _wanted(self, wanted: tuple[int, ...]) -> tuple[set[int], set[int]]:
        """Return which directives begin a branch with a wanted offset, and which stand before one.

        The latter are those of the same ``#if`` with such a branch further on. Another ``#if``
        that asks the same gets the same answer.
        """
        offsets = sorted(wanted)
        holds: set[int] = set()
        later: set[int] = set()
        answers: dict[str, bool] = {}
        others: list[int] = []
        for chain, ends in self._chains:
            first = bisect_left(offsets, self._directives[chain[0]].end)
            if first == len(offsets) or offsets[first] >= ends[-1]:
                others.append(chain[0])
                continue
            further = False
            for index, end in zip(reversed(chain), reversed(ends), strict=True):
                if further:
                    later.add(index)
                start = self._directives[index].end
                at = bisect_left(offsets, start)
                if at < len(offsets) and offsets[at] < end:
                    holds.add(index)
                    further = True
            question, as_written = self._question(chain[0])
            answers.setdefault(question, (chain[0] in holds) == as_written)
        for index in others:
            question, as_written = self._question(index)
            if question in answers:
                (holds if answers[question] == as_written else later).add(index)
        return holds, later

    def _question(self, index: int) -> tuple[str, bool]:
        """Return what an ``#if`` asks, in one form, and whether it asks that or its opposite."""
        directive = self._directives[index]
        text = self._code[directive.start : directive.end].partition(directive.kind)[2]
        match = ASKS_IF_DEFINED.fullmatch(f"{directive.kind} {text}")
        if match is None:
            return " ".join(text.split()), True
        return f"defined {match[3]}", match[1] is None and match[2] is None

    @cached_property
    def _chains(self) -> list[tuple[list[int], list[int]]]:
        """Return each ``#if`` with its other branches, by index, and where each branch ends."""
        open_: list[tuple[list[int], list[int]]] = []
        closed = []
        for index, directive in enumerate(self._directives):
            if directive.kind in OPENS:
                open_.append(([index], []))
            elif directive.kind in GOES_ON and open_:
                chain, ends = open_[-1]
                ends.append(directive.start)
                chain.append(index)
            elif directive.kind == "endif" and open_:
                open_[-1][1].append(directive.start)
                closed.append(open_.pop())
        for _, ends in open_:
            ends.append(len(self._code))
        return closed + open_
