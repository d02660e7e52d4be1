"""Finds what C text has at the top level: functions, prototypes, types and variables."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from gil_demo.csource.comments import without_comments
from gil_demo.csource.tokens import Token, closing, code, tokens

KEYWORDS = {"enum", "struct", "union"}

ATTRIBUTES = {"__attribute__", "__asm__"}
"""What may stand between the parameters of a function and its body."""


@dataclass(frozen=True, slots=True)
class Item:
    """A declaration or definition at the top level.

    `text` is as the source has it, with the comment right above and the one behind it in
    the same line. `head` is without comments and without the body of a function. The lines
    are those of the C itself, counted from 1. `body` has the tokens between the braces of a
    function, and is None for anything else.
    """

    text: str
    head: str
    first_line: int
    last_line: int
    names: frozenset[str]
    used: frozenset[str]
    body: tuple[Token, ...] | None
    source: str

    @property
    def static(self) -> bool:
        """Whether only its own file knows it."""
        return "static" in {token.text for token in code(self.head)}

    @property
    def name(self) -> str:
        """The name of a function."""
        (name,) = self.names
        return name

    def body_lines(self) -> dict[int, str]:
        """Return the lines between a function's braces that hold C, by their number.

        They are without comments and without the indent that all of them have.
        """
        if not self.body:
            return {}
        lines = without_comments(self.source).split("\n")
        first, last = self.body[0].line, self.body[-1].last_line
        held = {
            at: lines[at - 1].rstrip() for at in range(first, last + 1) if lines[at - 1].strip()
        }
        indent = min(len(line) - len(line.lstrip()) for line in held.values())
        return {at: line[indent:] for at, line in held.items()}


def items(source: str) -> tuple[Item, ...]:
    """Return everything at the top level of a text, in its order."""
    among = code(source)
    comments = [token for token in tokens(source) if token.kind == "comment"]
    return tuple(
        _item(source, among[first : last + 1], comments) for first, last in _extents(among)
    )


def functions(source: str) -> tuple[Item, ...]:
    """Return the functions that a text defines, in its order."""
    return tuple(item for item in items(source) if item.body is not None)


def function(source: str, name: str) -> Item:
    """Return the function of that name. Raises KeyError."""
    return {one.name: one for one in functions(source)}[name]


def interface(source: str) -> str:
    """Return what a text offers to others: its types, and its functions that are not static.

    A function counts whether the text defines or only declares it.
    """
    offered = []
    for item in items(source):
        typedef = item.head.startswith("typedef")
        if typedef or (not item.static and _parameters(code(item.head)) is not None):
            offered.append(f"{item.head};" if item.body is not None else item.head)
    return "\n".join(offered)


def _extents(among: tuple[Token, ...]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last index of every item."""
    first = at = 0
    while at < len(among):
        text = among[at].text
        if text == "{" and [one.text for one in among[first:at]] == ["extern", '"C"']:
            first = at + 1  # C++ is told that this is C: what is inside is at the top level
        elif text == "}":
            first = at + 1
        elif text in {"(", "[", "{"}:
            defines = text == "{" and _parameters(among[first:at]) is not None
            at = closing(among, at)
            if defines:
                yield first, at
                first = at + 1
        elif text == ";":
            if at > first:
                yield first, at
            first = at + 1
        at += 1


def _parameters(head: tuple[Token, ...]) -> int | None:
    """Find the parenthesis that begins a function's parameters; None if this is no function."""
    if any(one.text in {"typedef", "="} for one in head):
        return None
    found = None
    at = 0
    while at < len(head):
        if head[at].text in {"(", "["}:
            last = closing(head, at)
            named = at >= 2 and head[at - 1].kind == "word" and _ends_type(head[at - 2])
            if head[at].text == "(" and named and head[at - 1].text not in ATTRIBUTES:
                found = at
            at = last
        at += 1
    return found


def _ends_type(token: Token) -> bool:
    """Return whether the type that a function returns may end so."""
    return token.kind == "word" or token.text in {"*", ")"}


def _item(source: str, among: tuple[Token, ...], comments: list[Token]) -> Item:
    opening = _body(among)
    head = among if opening is None else among[:opening]
    body = None if opening is None else among[opening + 1 : -1]
    start, end = _with_comments(source, among[0], among[-1], comments)
    plain = without_comments(source[head[0].start : head[-1].end])
    return Item(
        text=source[start:end],
        head=" ".join(plain.split()),
        first_line=among[0].line,
        last_line=among[-1].last_line,
        names=frozenset(_names(head)),
        used=frozenset(one.text for one in among if one.kind == "word"),
        body=body,
        source=source,
    )


def _body(among: tuple[Token, ...]) -> int | None:
    """Find the brace that begins a function's body; None if this is no function."""
    if among[-1].text != "}":
        return None
    at = 0
    while among[at].text != "{":
        at = closing(among, at) + 1 if among[at].text in {"(", "["} else at + 1
    return at


def _names(head: tuple[Token, ...]) -> Iterator[str]:
    """Find the names that an item declares: a function, or variables, constants and types."""
    parameters = _parameters(head)
    if parameters is not None:
        yield head[parameters - 1].text
        return
    depth, deepest = 0, int(any(one.text == "enum" for one in head))
    for token, after in pairwise(head):
        if token.text == "=" and depth == 0:
            return
        depth += (token.text in {"{", "("}) - (token.text in {"}", ")"})
        declares = depth <= deepest and after.text in {*";=[,{}"}
        if token.kind == "word" and declares and token.text not in KEYWORDS:
            yield token.text


def _with_comments(
    source: str, first: Token, last: Token, comments: list[Token]
) -> tuple[int, int]:
    """Extend an item by the comment right above it and the one behind it."""
    start, end = first.start, last.end
    for comment in comments:
        alone = not source[source.rfind("\n", 0, comment.start) + 1 : comment.start].strip()
        if alone and comment.last_line == first.line - 1:
            start = comment.start
        if comment.line == last.last_line and comment.start > end:
            end = comment.end
    return start, end
