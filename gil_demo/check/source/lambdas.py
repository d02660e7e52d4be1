"""C++ lambdas: each is taken out of its function, because it runs when somebody calls it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from gil_demo.check.source.blanks import blank
from gil_demo.check.source.pairs import closing_brace

MAX_NESTED = 8
"""How deep lambdas stand in lambdas before one is left in that around it."""
MAX_BEFORE = 300
"""How many characters before a lambda are searched for the call that it is an argument of."""

LAMBDA = re.compile(
    r"\[[&=\w\s,*.]*\]\s*(?:\([^(){};]*(?:\([^()]*\)[^(){};]*)*\)\s*)?"
    r"(?:mutable\s*|noexcept\s*)*(?:->[\w:<>*&\s]+)?\{"
)
CALLED = re.compile(r"([A-Za-z_]\w*)\s*$")


@dataclass(frozen=True, slots=True)
class HandedTo:
    """The call that a lambda is an argument of, where in the file, and which argument."""

    name: str
    offset: int
    index: int


@dataclass(eq=False)
class Definition:
    """A function's place in a file, and the text of its body in one reading.

    ``owner`` is the class of a method, or empty. A lambda has the offset of the brace of the
    function around it as ``outer``, and may be handed to a call.
    """

    name: str
    owner: str
    header: str
    start: int
    opening: int
    closing: int
    body: str
    outer: int = -1
    handed_to: HandedTo | None = None


@dataclass(eq=False, slots=True)
class _Part:
    """A function or lambda while the lambdas in it are looked for; offsets are in the body."""

    definition: Definition
    opening: int
    closing: int
    holes: list[tuple[int, int]] = field(default_factory=list)


def with_lambdas(function: Definition, most: int) -> Iterator[Definition]:
    """Yield a function with the insides of its lambdas blanked, and each of these by itself.

    Lambdas behind so many as are looked for at ``most`` stay in the function.
    """
    body, base = function.body, function.opening
    around = [_Part(function, 0, len(body) - 1)]
    found = list(around)
    for match in islice(LAMBDA.finditer(body), most):
        opening = match.end() - 1
        closing = closing_brace(body, opening)
        if closing < 0:
            break
        while around[-1].closing < opening:
            around.pop()
        if len(around) > MAX_NESTED:
            continue
        outer = around[-1]
        outer.holes.append((opening, closing))
        inner = Definition(
            name=f"lambda in {outer.definition.name}",
            owner="",
            header=match.group()[:-1],
            start=base + match.start(),
            opening=base + opening,
            closing=base + closing + 1,
            body="",
            outer=base + outer.opening,
            handed_to=_handed_to(body, base, match.start()),
        )
        around.append(_Part(inner, opening, closing))
        found.append(around[-1])
    for part in found:
        part.definition.body = _without_holes(body, part)
        yield part.definition


def _without_holes(body: str, part: _Part) -> str:
    pieces = []
    position = part.opening
    for opening, closing in part.holes:
        pieces += [body[position : opening + 1], blank(body[opening + 1 : closing])]
        position = closing
    return "".join((*pieces, body[position : part.closing + 1]))


def _handed_to(body: str, base: int, start: int) -> HandedTo | None:
    """Return the call whose argument begins at an offset, if one does."""
    before = body[max(start - MAX_BEFORE, 0) : start]
    depth = index = 0
    for at in range(len(before) - 1, -1, -1):
        character = before[at]
        if character in ")]}":
            depth += 1
        elif character in "([{" and depth:
            depth -= 1
        elif character == "(":
            called = CALLED.search(before, 0, at)
            if called is None or before[at + 1 :].rstrip()[-1:] not in ("", ","):
                return None
            return HandedTo(called[1], base + start - len(before) + called.start(), index)
        elif character in ";{[":
            return None
        elif character == "," and not depth:
            index += 1
    return None
