"""GitHub-flavoured Markdown: text that means itself, tables, and blocks of code.

https://github.github.com/gfm/
"""

import re
from collections.abc import Sequence

from rich.text import Text

from gil_demo.report.kit.columns import Column

SPECIAL = re.compile(r"[\\`*\[\]<>|~&#]|(?<![^\W_])_|_(?![^\W_])")
"""What Markdown would read as its own; an underscore only where it does not join letters."""

MENTION = re.compile(r"@(?=\w)")
"""What GitHub reads as somebody's name, after Markdown, so that no backslash helps."""


def plain(text: str | Text) -> str:
    """Escape a text, so that it is shown as it stands; a dollar begins no formula."""
    escaped = SPECIAL.sub(r"\\\g<0>", str(text))
    return MENTION.sub("@<!-- -->", escaped).replace("$", "<span>$</span>")


def table(columns: Sequence[Column]) -> str:
    """Write a table; a line break within a cell is kept."""
    marks = ("---:" if column.figures else "---" for column in columns)
    rows = zip(*(column.cells for column in columns), strict=True)
    lines = [
        _row([column.header.replace("\n", " ") for column in columns]),
        f"| {' | '.join(marks)} |",
        *map(_row, rows),
    ]
    return "\n".join(lines) + "\n"


def fenced(text: str, language: str) -> str:
    """Fence code, or a drawing, which stays as it is: the fence is longer than any within."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}\n"


def _row(cells: Sequence[str | Text]) -> str:
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _cell(cell: str | Text) -> str:
    return "<br>".join(plain(line) for line in str(cell).splitlines())
