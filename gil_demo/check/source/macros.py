"""The ``#define`` lines of a file."""

import re
from dataclasses import dataclass

DEFINE = re.compile(r"\s*#\s*define\s+([A-Za-z_]\w*)(\([^()]*\))?")


@dataclass(frozen=True, slots=True)
class Macro:
    """A ``#define`` as it is written; ``parameters`` is None for one without parentheses."""

    name: str
    parameters: tuple[str, ...] | None
    body: str
    path: str
    offset: int


def macro(line: str, path: str, offset: int) -> Macro | None:
    """Return the macro of a ``#define`` line that begins at an offset; None without a body."""
    match = DEFINE.match(line)
    if match is None:
        return None
    body = re.sub(r"\\\r?\n", lambda m: " " * len(m.group()), line[match.end() :])
    if not body.strip():
        return None
    parameters = None
    if match[2] is not None:
        parameters = tuple(p.strip() for p in match[2][1:-1].split(",") if p.strip())
    return Macro(match[1], parameters, body, path, offset + match.end())
