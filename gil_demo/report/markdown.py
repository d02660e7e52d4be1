"""The gallery as Markdown, for the documentation."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from gil_demo.gallery.registry import Declared, Pattern
from gil_demo.words import Half

HALVES: tuple[Half, ...] = ("unsafe", "safe")


def gallery_markdown(patterns: Sequence[Pattern], tried: Mapping[str, Any]) -> str:
    """All pages, chapter by chapter, each with what was seen when it was tried.

    `tried` is the document of ``gil-demo try --all --json``.
    """
    seen = {(row["name"], row["half"]): row for row in tried["patterns"]}
    return "\n".join(_lines(patterns, seen))


def _lines(
    patterns: Sequence[Pattern], seen: Mapping[tuple[str, str], Mapping[str, Any]]
) -> Iterator[str]:
    yield "| pattern | the question it answers | unsafe half ends in | safe half ends in |"
    yield "| --- | --- | --- | --- |"
    for pattern in patterns:
        unsafe, safe = (declared_text(pattern.declared[half]) for half in HALVES)
        link = f"[{pattern.name}](#{pattern.name})"
        yield f"| {link} | {pattern.question} | {unsafe} | {safe} |"
    for chapter, members in groupby(patterns, lambda one: one.chapter):
        yield f"\n## {chapter.capitalize()}"
        for pattern in members:
            yield from _page(pattern, seen)


def _page(pattern: Pattern, seen: Mapping[tuple[str, str], Mapping[str, Any]]) -> Iterator[str]:
    yield f"\n### {pattern.name}\n"
    yield f"**{pattern.question}** {pattern.hazard}\n"
    for heading, text in pattern.page.items():
        if heading == "Sources":
            yield "**What was seen.**\n"
            for half in HALVES:
                row = seen[pattern.name, half]
                yield f"- {half}: *{', '.join(row['outcomes'])}*. {row['evidence']}"
            stem = pattern.name.replace("-", "_")
            yield f"\nThe C: [csrc/patterns/{stem}.c](../csrc/patterns/{stem}.c)\n"
        yield f"**{heading}.** {markdown(text)}\n".replace(".** \n", ".**\n\n")


def declared_text(declared: Declared) -> str:
    """An outcome, or the outcomes of several versions in a row."""
    if isinstance(declared, str):
        return declared
    *earlier, (last, outcome) = declared.items()
    parts = [f"{outcome} ({version})" for version, outcome in earlier]
    return ", ".join([*parts, f"{outcome} ({last} and later)"])


def markdown(text: str) -> str:
    """A page's text with Markdown's code marks, and a list set apart from what it follows."""
    return re.sub(r"^- ", "\n- ", text, count=1, flags=re.MULTILINE).replace("``", "`")
