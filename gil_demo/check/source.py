"""A file of C or C++ as text that can be parsed although nothing is preprocessed.

Everything here keeps each length: what is taken out of the text becomes blanks, so an offset
means the same place in the file, in every reading of it and in the parser's tree. The text is
decoded as Latin-1 for the same reason: one character is one byte, whatever the encoding.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

from gil_demo.check.conditions import taken

MAX_BYTES = 16 * 2**20
"""The largest file that is read; no person writes one as large."""

SUFFIXES = (
    *(".c", ".h", ".cc", ".cpp", ".cxx", ".c++", ".hh", ".hpp", ".hxx", ".h++", ".inl", ".inc"),
    *(".c.src", ".h.src", ".cpp.src", ".i"),
)
"""The endings of the files that are read in a folder; ``.i`` is SWIG's."""

CPP_SUFFIXES = (".cc", ".cpp", ".cxx", ".c++", ".hh", ".hpp", ".hxx", ".h++", ".inl", ".cpp.src")

COMMENT_OR_STRING = re.compile(
    r"//[^\n\\]*(?:\\(?:\r\n|[\s\S])[^\n\\]*)*"
    r"|/\*[^*]*\*+(?:[^/*][^*]*\*+)*/"
    r"|/\*[\s\S]*"
    r'|R"([^()\\\s"]{0,16})\([\s\S]*?\)\1"'
    r'|"[^"\\\n]*(?:\\(?:\r\n|[\s\S])[^"\\\n]*)*"'
    r"|'(?<![0-9]')[^'\\\n]+(?:\\[\s\S][^'\\\n]*)*'"
    r"|'(?<![0-9]')(?:\\[\s\S][^'\\\n]*)+'"
)
DIRECTIVE = re.compile(
    r"^[ \t]*#[ \t]*([a-z]*)[^\n\\]*(?:\\(?:\r\n|[\s\S]?)[^\n\\]*)*", re.MULTILINE
)
DEFINE = re.compile(r"\s*#\s*define\s+([A-Za-z_]\w*)(\([^()]*\))?")
SWIG = re.compile(r"^[ \t]*%[a-z]+\b[^\n{;]*?(?:%\{|(?=\{)|;|$)|%[{}]", re.MULTILINE)
WORD = re.compile(r"[A-Za-z_]\w+")
BRACE = re.compile(r"[{}]")
NAME_AND_PAREN = re.compile(r"([A-Za-z_~][\w~]*(?:\s*::\s*[A-Za-z_~][\w~]*)*)\s*\(")
TRANSPARENT = re.compile(r'\b(?:namespace|class|struct|union)\b|\bextern\s*"')
CLASS = re.compile(r"\b(?:class|struct)\s+(?:[A-Z_]+\s+)?([A-Za-z_]\w*)[^;()]*$")
OLD_STYLE = re.compile(r"\)\s*(?:[A-Za-z_][\w\s*,\[\]]*;\s*)+$")
ATTRIBUTES = frozenset(
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
LAMBDA = re.compile(
    r"\[[&=\w\s,*.]*\]\s*(?:\([^(){};]*(?:\([^()]*\)[^(){};]*)*\)\s*)?"
    r"(?:mutable\s*|noexcept\s*)*(?:->\s*[\w:<>*&\s]+)?\{"
)


class NotReadable(Exception):
    """A file that cannot be read, and why."""


@dataclass(frozen=True, slots=True)
class Directive:
    """A line of the preprocessor, continuation lines included."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class Macro:
    """A ``#define`` as it is written; ``parameters`` is None for one without parentheses."""

    name: str
    parameters: tuple[str, ...] | None
    body: str
    path: str
    offset: int


@dataclass(eq=False)
class Function:
    """A function's place in a file, and the text of its body in one reading.

    ``owner`` is the class of a method, or empty. ``others`` are further readings of the body,
    where conditional directives make a difference.
    """

    source: "Source"
    name: str
    owner: str
    header: str
    start: int
    opening: int
    closing: int
    body: str
    others: list[str] = field(default_factory=list)

    @property
    def static(self) -> bool:
        """Tell whether only its own file can call it."""
        return re.search(r"\bstatic\b", self.header) is not None

    @cached_property
    def parameters(self) -> dict[str, bool]:
        """Return the names of the parameters, and whether each is a pointer."""
        found = {}
        for part in self.header[self.header.find("(") + 1 :].split(","):
            names = re.findall(r"[A-Za-z_]\w*", part.split("=")[0])
            if names:
                found[names[-1]] = "*" in part or names[0] == "PyObject"
        return found


@dataclass(eq=False)
class Source:
    """One file: its raw text, its text without comments, its readings and its functions."""

    path: Path
    text: str

    @cached_property
    def cpp(self) -> bool:
        """Tell whether this is C++ rather than C."""
        name = self.path.name.lower()
        if name.endswith(CPP_SUFFIXES):
            return True
        heads = name.endswith((".h", ".i", ".inc", ".h.src"))
        return (
            heads
            and re.search(r"^\s*(?:class\s+\w+|namespace\b|template\s*<)", self.text, re.M)
            is not None
        )

    @cached_property
    def code(self) -> str:
        """Return the text with comments and the insides of strings blanked."""
        text = self.text
        if "\0" in text:
            text = text.replace("\0", " ")
        if self.path.name.endswith(".src"):
            text = re.sub(r"@(\w+)@", r"_\1_", text)
        if self.path.suffix == ".i":
            text = SWIG.sub(lambda match: blank(match.group()), text)
        return COMMENT_OR_STRING.sub(_blanked, text)

    @cached_property
    def words(self) -> frozenset[str]:
        """Return all words of the text."""
        return frozenset(WORD.findall(self.text))

    @cached_property
    def directives(self) -> list[Directive]:
        """Return the lines of the preprocessor, in order."""
        return [Directive(m.start(), m.end(), m[1]) for m in DIRECTIVE.finditer(self.code)]

    @cached_property
    def macros(self) -> list[Macro]:
        """Return the ``#define`` lines, those with a body."""
        found = []
        active = set(_active_directives(self.code, self.directives, self.cpp))
        for directive in self.directives:
            if directive.kind != "define" or directive.start not in active:
                continue
            line = self.code[directive.start : directive.end]
            match = DEFINE.match(line)
            if match is None:
                continue
            body = re.sub(r"\\\r?\n", lambda m: " " * len(m.group()), line[match.end() :])
            if not body.strip():
                continue
            parameters = None
            if match[2] is not None:
                parameters = tuple(p.strip() for p in match[2][1:-1].split(",") if p.strip())
            offset = directive.start + match.end()
            found.append(Macro(match[1], parameters, body, str(self.path), offset))
        return found

    def reading(self, unknown: bool, wanted: tuple[int, ...] = ()) -> str:
        """Return the text that is left where each unknown symbol is defined, or none is.

        Args:
            unknown: Whether a symbol that nobody knows counts as defined.
            wanted: Offsets that must stay; their branches are taken whatever the conditions.
        """
        if not self.directives:
            return self.code
        return _without_branches(self.code, self.directives, self.cpp, unknown, wanted)

    @cached_property
    def functions(self) -> list[Function]:
        """Return the functions with the readings of their bodies that differ."""
        first = self.reading(unknown=True)
        found = list(_functions(self, first))
        if any(d.kind in ("if", "ifdef", "ifndef") for d in self.directives):
            second = self.reading(unknown=False)
            if second != first:
                _add_reading(self, found, second)
        return sorted(found, key=lambda function: function.opening)

    def add_branches(self, offsets: tuple[int, ...]) -> None:
        """Read the functions once more, with the branches that hold these offsets."""
        _add_reading(self, self.functions, self.reading(True, offsets))
        self.functions.sort(key=lambda function: function.opening)

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(match.end() for match in re.finditer("\n", self.text))]

    def line(self, offset: int) -> int:
        """Return the number of the line at an offset, from 1."""
        return bisect_right(self._line_starts, offset)

    def column(self, offset: int) -> int:
        """Return the column at an offset, from 1, in characters rather than bytes."""
        start = self._line_starts[self.line(offset) - 1]
        return len(_decoded(self.text[start:offset])) + 1

    def line_text(self, number: int) -> str:
        """Return one line as a person reads it, without its end."""
        starts = self._line_starts
        end = starts[number] if number < len(starts) else len(self.text)
        return _decoded(self.text[starts[number - 1] : end]).rstrip("\r\n")


def read(path: Path) -> Source:
    """Read a file.

    Raises:
        NotReadable: If it is no file, cannot be opened, is too large or is not text in an
            encoding that agrees with ASCII.
    """
    try:
        if path.is_dir():
            raise NotReadable("is a folder")
        if not path.is_file():
            raise NotReadable(_why_no_file(path))
        size = path.stat().st_size
        if size > MAX_BYTES:
            limit = MAX_BYTES // 2**20
            raise NotReadable(f"has {size / 2**20:.0f} MB, and {limit} MB is the most that is read")
        data = path.read_bytes()
    except OSError as error:
        raise NotReadable(f"cannot be read: {error.strerror or error}") from None
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise NotReadable("is UTF-16: convert it to UTF-8 first")
    if b"\n" not in data:
        data = data.replace(b"\r", b"\n")
    return Source(path, data.decode("latin-1"))


def _why_no_file(path: Path) -> str:
    if path.exists():
        return "is not a regular file"
    return "is a link that leads nowhere" if path.is_symlink() else "is not there"


def blank(text: str) -> str:
    """Return as many blanks, the ends of lines kept."""
    if "\n" not in text:
        return " " * len(text)
    return "\n".join(" " * len(line) for line in text.split("\n"))


def _blanked(match: re.Match[str]) -> str:
    text = match.group()
    if text[0] == "/":
        return blank(text)
    if text[0] == "R":
        return 'R"' + blank(text[2:-1]) + '"'
    return text[0] + blank(text[1:-1]) + text[-1]


def _decoded(text: str) -> str:
    data = text.encode("latin-1")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return text


@dataclass(slots=True)
class _Chain:
    """One ``#if`` … ``#endif`` while its branches are walked."""

    outer: bool
    done: bool
    active: bool
    wanted: bool


def _without_branches(
    code: str, directives: list[Directive], cpp: bool, unknown: bool, wanted: tuple[int, ...]
) -> str:
    """Return the text without directives and without the branches that are not taken."""
    pieces: list[str] = []
    chains: list[_Chain] = []
    ends = [directive.start for directive in directives[1:]] + [len(code)]
    active = True
    pieces.append(code[: directives[0].start])
    ranges = _branch_ends(directives, len(code)) if wanted else {}
    for index, (directive, end) in enumerate(zip(directives, ends, strict=True)):
        kind = directive.kind
        if kind in ("if", "ifdef", "ifndef", "elif", "else", "elifdef", "elifndef"):
            holds = bool(wanted) and any(directive.end <= w < ranges.get(index, 0) for w in wanted)
            if kind.startswith("if"):
                yes = holds or _condition(code, directive, cpp, unknown)
                if wanted and not holds:
                    yes = yes and not _later_branch_wanted(directives, ranges, index, wanted)
                chains.append(_Chain(active, yes, active and yes, holds))
            elif chains:
                chain = chains[-1]
                yes = not chain.done and (
                    kind == "else" or holds or _condition(code, directive, cpp, unknown)
                )
                if wanted and not holds and yes:
                    yes = not _later_branch_wanted(directives, ranges, index, wanted)
                chain.done = chain.done or yes
                chain.active = chain.outer and yes
        elif kind == "endif" and chains:
            active = chains.pop().outer
        active = chains[-1].active if chains else True
        pieces.append(blank(code[directive.start : directive.end]))
        rest = code[directive.end : end]
        pieces.append(rest if active else blank(rest))
    return "".join(pieces)


def _active_directives(code: str, directives: list[Directive], cpp: bool) -> Iterator[int]:
    """Yield where the directives are that some reading of the file keeps."""
    chains: list[tuple[bool, bool]] = []  # whether this branch is out, whether the rest is
    for directive in directives:
        kind = directive.kind
        if kind in ("if", "ifdef", "ifndef", "elif", "else"):
            answers = {kind == "else" or _condition(code, directive, cpp, u) for u in (True, False)}
            rest_is_out = False
            if kind in ("elif", "else") and chains:
                rest_is_out = chains.pop()[1]
            out = rest_is_out or answers == {False}
            chains.append((out, rest_is_out or answers == {True}))
        elif kind == "endif" and chains:
            chains.pop()
        if not any(out for out, _ in chains):
            yield directive.start


def _branch_ends(directives: list[Directive], size: int) -> dict[int, int]:
    """Return where the branch of each conditional directive ends, by the directive's index."""
    ends: dict[int, int] = {}
    stack: list[int] = []
    for index, directive in enumerate(directives):
        if directive.kind in ("if", "ifdef", "ifndef"):
            stack.append(index)
        elif directive.kind in ("elif", "else", "elifdef", "elifndef") and stack:
            ends[stack[-1]] = directive.start
            stack[-1] = index
        elif directive.kind == "endif" and stack:
            ends[stack.pop()] = directive.start
    for index in stack:
        ends[index] = size
    return ends


def _later_branch_wanted(
    directives: list[Directive], ends: dict[int, int], index: int, wanted: tuple[int, ...]
) -> bool:
    """Tell whether a later branch of the same chain holds a wanted offset."""
    starts = [directive.start for directive in directives]
    while index in ends:
        following = bisect_left(starts, ends[index], index)
        if following not in ends or starts[following] != ends[index]:
            return False
        if any(directives[following].end <= offset < ends[following] for offset in wanted):
            return True
        index = following
    return False


def _condition(code: str, directive: Directive, cpp: bool, unknown: bool) -> bool:
    text = code[directive.start : directive.end].partition(directive.kind)[2]
    return _taken(directive.kind, text, cpp, unknown)


@lru_cache(maxsize=4096)
def _taken(kind: str, text: str, cpp: bool, unknown: bool) -> bool:
    return taken(kind, text, cpp, unknown)


def _add_reading(source: Source, found: list[Function], reading: str) -> None:
    """Add another reading to the functions that it reads differently."""
    by_start = {function.opening: function for function in found}
    for function in _functions(source, reading):
        known = by_start.get(function.opening)
        if known is None:
            found.append(function)
        elif function.body != known.body and function.body not in known.others:
            known.others.append(function.body)


MAX_RESTARTS = 8
"""How often the search for functions starts anew after braces that do not match."""


def _functions(source: Source, code: str) -> Iterator[Function]:
    """Find the functions in a reading, by their braces."""
    position = 0
    for _ in range(MAX_RESTARTS):
        unclosed = yield from _functions_from(source, code, position)
        if unclosed is None:
            return
        closing = code.find("\n}", unclosed.opening)
        if closing < 0:
            return
        unclosed.closing = closing + 2
        unclosed.body = code[unclosed.opening : unclosed.closing]
        yield from _with_lambdas(unclosed)
        position = closing + 2


def _functions_from(
    source: Source, code: str, position: int
) -> Generator[Function, None, Function | None]:
    """Find functions from a position on; return the one whose braces do not close, if any."""
    owners: list[str] = []
    depth = 0
    previous = position
    current: Function | None = None
    for match in BRACE.finditer(code, position):
        at = match.start()
        if match.group() == "{":
            if depth:
                depth += 1
                continue
            header_start = max(code.rfind(";", previous, at) + 1, previous)
            header = code[header_start:at]
            if (
                "(" not in header
                and previous < header_start
                and OLD_STYLE.search(code, previous, at)
            ):
                header_start = previous
                header = code[header_start:at]
            named = _function_name(header)
            if named is not None:
                name, offset = named
                owner = owners[-1] if owners else ""
                if "::" in name:
                    owner, _, name = name.rpartition("::")
                    owner = owner.rpartition("::")[2].strip()
                current = Function(
                    source, name.strip(), owner, header, header_start + offset, at, at, ""
                )
                depth = 1
            elif TRANSPARENT.search(header):
                class_ = CLASS.search(header)
                owners.append(class_[1] if class_ else "")
            else:
                depth = 1
        elif depth:
            depth -= 1
            if not depth and current is not None:
                current.closing = at + 1
                current.body = code[current.opening : at + 1]
                yield from _with_lambdas(current)
                current = None
        elif owners:
            owners.pop()
        if not depth:
            previous = at + 1
    return current


def _function_name(header: str) -> tuple[str, int] | None:
    """Return the name of the function that a header begins, and where it stands in it."""
    if "(" not in header:
        return None
    stripped = header.rstrip()
    if stripped[-1] in "=,(":
        return None
    candidates = []
    end = 0
    for match in NAME_AND_PAREN.finditer(header):
        if match.start() < end:
            continue
        closing = closing_paren(header, match.end() - 1)
        if closing < 0:
            break
        end = closing + 1
        if match[1] not in ATTRIBUTES:
            candidates.append(match)
            rest = header[end:].lstrip()
            if rest.startswith(":") and not rest.startswith("::"):
                break  # what follows initialises a C++ object's members
    if not candidates:
        return None
    named = [match for match in candidates if not match[1].isupper()] or candidates
    if "=" in header[: named[-1].start()]:
        return None
    return named[-1][1], named[-1].start(1)


def _with_lambdas(function: Function) -> Iterator[Function]:
    """Yield a function, its C++ lambdas taken out of it, and each of these by itself."""
    if not function.source.cpp or "[" not in function.body:
        yield function
        return
    body = function.body
    position = 0
    while (match := LAMBDA.search(body, position)) is not None:
        opening = match.end() - 1
        closing = closing_brace(body, opening)
        if closing < 0:
            break
        at = function.opening
        inner = Function(
            *(function.source, f"lambda in {function.name}", "", match.group()[:-1]),
            *(at + match.start(), at + opening, at + closing + 1, body[opening : closing + 1]),
        )
        yield from _with_lambdas(inner)
        inside = blank(body[opening + 1 : closing])
        body = body[: opening + 1] + inside + body[closing:]
        position = closing + 1
    function.body = body
    yield function


def closing_paren(text: str, opening: int) -> int:
    """Return where the parenthesis that opens at an offset closes, or -1."""
    return _closing(text, opening, _PARENS, "(")


def closing_brace(text: str, opening: int) -> int:
    """Return where the brace that opens at an offset closes, or -1."""
    return _closing(text, opening, BRACE, "{")


_PARENS = re.compile(r"[()]")


def _closing(text: str, opening: int, either: re.Pattern[str], open_: str) -> int:
    depth = 0
    for match in either.finditer(text, opening):
        depth += 1 if match.group() == open_ else -1
        if not depth:
            return match.start()
    return -1
