"""One file: its text, what is left of it without comments, its readings and its functions."""

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from gil_demo.check.source.blanks import without_comments, without_swig
from gil_demo.check.source.branches import OPENS, Branches, Directive, directives_of
from gil_demo.check.source.functions import MAX_FUNCTIONS, definitions
from gil_demo.check.source.lambdas import Definition
from gil_demo.check.source.macros import Macro, macro
from gil_demo.check.source.pairs import closing_paren

CPP_SUFFIXES = (".cc", ".cpp", ".cxx", ".c++", ".hh", ".hpp", ".hxx", ".h++", ".inl", ".cpp.src")

MAX_SHOWN = 1000
"""How much of a line is shown."""

MAX_READ_BEFORE = 6
"""How many functions may begin last before an offset, in readings with other braces."""

WORD = re.compile(r"[A-Za-z_]\w+")
CPP = re.compile(r"^[ \t]*(?:class\s+\w+|namespace\b|template\s*<)", re.MULTILINE)
VARIABLE = re.compile(r"\b(Py\w+)\s*(?:=(?!=)|;|\))")
STATIC = re.compile(r"\bstatic\b")


@dataclass(eq=False)
class Function(Definition):
    """A function of a file.

    ``others`` are readings of its body that differ from the first. A lambda ``runs_released`` if
    it is handed to a function that calls it with the GIL released.
    """

    source: "Source" = field(kw_only=True, repr=False)
    others: list[str] = field(default_factory=list)
    runs_released: bool = False

    @cached_property
    def static(self) -> bool:
        """Tell whether only its own file can call it."""
        return STATIC.search(self.header) is not None

    @cached_property
    def parameters(self) -> dict[str, bool]:
        """Return the names of the parameters, and whether each is a pointer."""
        found = {}
        named = self.header.find(f"{self.name}(")
        opening = self.header.find("(", max(named, 0))
        closing = closing_paren(self.header, opening)
        for part in self.header[opening + 1 : closing if closing > 0 else None].split(","):
            names = re.findall(r"[A-Za-z_]\w*", part.split("=")[0])
            if names:
                found[names[-1]] = "*" in part or names[0] == "PyObject"
        return found


@dataclass(eq=False)
class Source:
    """One file and what is known of its text."""

    path: Path
    text: str
    _unread_from: int | None = field(default=None, init=False, repr=False)
    _lines: dict[int, tuple[str, bool]] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def cpp(self) -> bool:
        """Tell whether this is C++ rather than C."""
        name = self.path.name.lower()
        if name.endswith(CPP_SUFFIXES):
            return True
        heads = name.endswith((".h", ".i", ".inc", ".h.src"))
        return heads and CPP.search(self.text) is not None

    @cached_property
    def code(self) -> str:
        """Return the text with comments and the insides of strings blanked."""
        text = self.text.replace("\0", " ")
        if self.path.name.endswith(".src"):
            text = re.sub(r"@(\w+)@", r"_\1_", text)
        if self.path.suffix == ".i":
            text = without_swig(text)
        return without_comments(text)

    @cached_property
    def words(self) -> frozenset[str]:
        """Return all words of the text."""
        return frozenset(WORD.findall(self.text))

    @cached_property
    def variables(self) -> frozenset[str]:
        """Return the names that are declared or used as variables are, and not only called."""
        return frozenset(VARIABLE.findall(self.code))

    @cached_property
    def directives(self) -> list[Directive]:
        """Return the lines of the preprocessor, in order."""
        return directives_of(self.code)

    @cached_property
    def _branches(self) -> Branches:
        return Branches(self.code, self.directives, self.cpp)

    @cached_property
    def macros(self) -> list[Macro]:
        """Return the ``#define`` lines that some reading keeps, those with a body."""
        lines = (line for line in self._branches.kept() if line.kind == "define")
        found = (macro(self.code[m.start : m.end], str(self.path), m.start) for m in lines)
        return [one for one in found if one is not None]

    @cached_property
    def functions(self) -> list[Function]:
        """Return the functions with the readings of their bodies that differ."""
        first = self._branches.reading(unknown=True)
        found = [Function(**vars(one), source=self) for one in self._definitions(first)]
        if any(directive.kind in OPENS for directive in self.directives):
            second = self._branches.reading(unknown=False)
            if second != first:
                self._add_reading(found, second)
        return sorted(found, key=lambda function: function.opening)

    def add_branches(self, offsets: tuple[int, ...]) -> None:
        """Read the functions once more, with the branches that hold these offsets."""
        self._add_reading(self.functions, self._branches.reading(True, offsets))
        self.functions.sort(key=lambda function: function.opening)
        self.__dict__.pop("_openings", None)

    @cached_property
    def taken_back_in_lambdas(self) -> frozenset[int]:
        """Return where the functions begin that have a lambda which only takes the GIL back."""
        return frozenset(
            function.outer
            for function in self.functions
            if function.outer >= 0
            and "PyEval_RestoreThread" in function.body
            and "PyEval_SaveThread" not in function.body
        )

    @property
    def unread_from(self) -> int | None:
        """Return where the functions begin that are not read, if there are too many."""
        return self._unread_from if self.functions else None  # finding them sets it

    def _definitions(self, reading: str) -> list[Definition]:
        """Return the functions of a reading, not more than are read of one file."""
        found = list(definitions(reading, self.cpp))
        if len(found) > MAX_FUNCTIONS:
            self._unread_from = min(found.pop().start, self._unread_from or len(reading))
        return found

    def _add_reading(self, found: list[Function], reading: str) -> None:
        """Add another reading to the functions that it reads differently."""
        by_start = {function.opening: function for function in found}
        for one in self._definitions(reading):
            known = by_start.get(one.opening)
            if known is None:
                found.append(Function(**vars(one), source=self))
            elif one.body != known.body and one.body not in known.others:
                known.others.append(one.body)

    def around(self, offset: int) -> list[Function]:
        """Return the functions that an offset lies in: a lambda's own comes last."""
        at = bisect_right(self._openings, offset)
        near = self.functions[max(at - MAX_READ_BEFORE, 0) : at]
        by_opening = {function.opening: function for function in near}
        for function in near:
            while function.outer >= 0 and function.outer not in by_opening:
                outer = self._beginning_at(function.outer)
                if outer is None:
                    break
                by_opening[outer.opening] = function = outer
        return [f for _, f in sorted(by_opening.items()) if f.opening <= offset < f.closing]

    @cached_property
    def _openings(self) -> list[int]:
        """Return where the functions begin."""
        return [function.opening for function in self.functions]

    @cached_property
    def _directive_starts(self) -> list[int]:
        return [directive.start for directive in self.directives]

    def outer(self, function: Function) -> Function | None:
        """Return the function around a lambda."""
        return self._beginning_at(function.outer)

    def _beginning_at(self, opening: int) -> Function | None:
        at = bisect_left(self._openings, opening)
        found = self.functions[at] if at < len(self.functions) else None
        return found if found is not None and found.opening == opening else None

    def in_directive(self, offset: int) -> bool:
        """Tell whether an offset lies in a line of the preprocessor."""
        index = bisect_right(self._directive_starts, offset) - 1
        return index >= 0 and offset < self.directives[index].end

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(match.end() for match in re.finditer("\n", self.text))]

    @cached_property
    def _continued(self) -> list[int]:
        """Return the offsets of the bytes that do not begin a character in UTF-8."""
        return [match.start() for match in re.finditer("[\x80-\xbf]", self.text)]

    def line(self, offset: int) -> int:
        """Return the number of the line at an offset, from 1."""
        return bisect_right(self._line_starts, offset)

    def column(self, offset: int) -> int:
        """Return the column at an offset, from 1, in characters rather than bytes."""
        number = self.line(offset)
        start = self._line_starts[number - 1]
        column = offset - start + 1
        if self.text.isascii() or not self._decoded(number)[1]:
            return column
        return column - (bisect_left(self._continued, offset) - bisect_left(self._continued, start))

    def line_text(self, number: int) -> str:
        """Return the beginning of a line as a person reads it, without its end."""
        return self._decoded(number)[0]

    def _decoded(self, number: int) -> tuple[str, bool]:
        """Return a line, cut to what is shown, and whether it is UTF-8."""
        if number not in self._lines:
            starts = self._line_starts
            end = starts[number] if number < len(starts) else len(self.text)
            line = self.text[starts[number - 1] : end].rstrip("\r\n")
            try:
                shown = line.encode("latin-1").decode("utf-8")
                self._lines[number] = shown[:MAX_SHOWN], True
            except UnicodeDecodeError:
                self._lines[number] = line[:MAX_SHOWN], False
        return self._lines[number]
