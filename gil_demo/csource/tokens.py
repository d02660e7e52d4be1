"""Cuts C text into tokens: comments, literals, directives, words, numbers and signs."""

import re
from dataclasses import dataclass
from typing import Literal, cast

Kind = Literal["comment", "directive", "literal", "word", "number", "sign"]

COMMENT = r"/\*.*?(?:\*/|\Z)|//(?:\\\n|[^\n])*"
LITERAL = r"(?:u8|[uUL])?(?:\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*')"

TOKEN = re.compile(
    rf"(?P<comment>{COMMENT})"
    r"|(?P<directive>^[ \t]*\#(?:\\\n|/\*.*?\*/|[^\n])*)"
    rf"|(?P<literal>{LITERAL})"
    r"|(?P<word>[A-Za-z_]\w*)"
    r"|(?P<number>\.?\d(?:[eEpP][+-]|[\w.])*)"
    r"|(?P<sign>\.\.\.|<<=|>>=|->|\+\+|--|<<|>>|&&|\|\||\#\#|[-+*/%&|^<>=!]=|\S)",
    flags=re.MULTILINE | re.DOTALL,
)

CLOSING = {"(": ")", "[": "]", "{": "}"}


@dataclass(frozen=True, slots=True)
class Token:
    """A token, where it begins in the text, and in which line, counted from 1."""

    kind: Kind
    text: str
    start: int
    line: int

    @property
    def end(self) -> int:
        """The place right behind it in the text."""
        return self.start + len(self.text)

    @property
    def last_line(self) -> int:
        """The line in which it ends."""
        return self.line + self.text.count("\n")


def tokens(source: str) -> tuple[Token, ...]:
    """Cut a whole text; only white space is dropped."""
    found = []
    line, counted = 1, 0
    for match in TOKEN.finditer(source):
        line += source.count("\n", counted, match.start())
        counted = match.start()
        found.append(Token(cast(Kind, match.lastgroup), match.group(), match.start(), line))
    return tuple(found)


def code(source: str) -> tuple[Token, ...]:
    """Cut a text, and keep only the tokens that are C: no comments, no directives."""
    return tuple(one for one in tokens(source) if one.kind not in {"comment", "directive"})


def closing(among: tuple[Token, ...], opening: int) -> int:
    """Return the index of the sign that closes the bracket at an index, or the last index."""
    depth = 0
    for at in range(opening, len(among)):
        if among[at].kind == "sign":
            depth += among[at].text in CLOSING
            depth -= among[at].text in CLOSING.values()
        if depth == 0:
            return at
    return len(among) - 1
