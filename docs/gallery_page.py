"""The generated part of gallery.md: the page and the evidence of every pattern."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from gil_demo.gallery.page import page_parts
from gil_demo.gallery.pattern import Declared, Pattern, versions
from gil_demo.gallery.registry import load_all
from gil_demo.report.check_page import page_texts
from gil_demo.report.kept import kept_trials
from gil_demo.report.markdown import head, section
from gil_demo.results.patterns import PatternRow
from gil_demo.words import FREE_THREADED, HALVES, NO_GIL, SAFE_WITH_GIL, Half, either

EVIDENCE = Path(__file__).with_name("evidence.json")
"""What ``gil-demo try --all --json`` printed."""


def gallery_page() -> str:
    """Write all pages, chapter by chapter, each with the evidence of its last trial."""
    seen = {(row.name, row.half): row for row in kept_trials(EVIDENCE).patterns}
    return "\n".join(_lines(load_all(), seen))


def _lines(
    patterns: Sequence[Pattern], seen: Mapping[tuple[str, Half], PatternRow]
) -> Iterator[str]:
    yield "| pattern | the question it answers | unsafe half ends in | safe half ends in |"
    yield "| --- | --- | --- | --- |"
    for pattern in patterns:
        unsafe, safe = (declared_text(pattern.declared[half]) for half in HALVES)
        safe += f", {SAFE_WITH_GIL}" if pattern.needs_gil else ""
        link = f"[{pattern.name}](#{pattern.name})"
        yield f"| {link} | {pattern.question} | {unsafe} | {safe} |"
    for chapter, members in groupby(patterns, lambda one: one.chapter):
        yield f"\n## {chapter.capitalize()}"
        for pattern in members:
            yield from _page(pattern, seen)


def _page(pattern: Pattern, seen: Mapping[tuple[str, Half], PatternRow]) -> Iterator[str]:
    yield ""
    # The page is the same on each build that writes it, so the hazard is as its module begins.
    first_line, _ = page_parts(pattern.module.__doc__ or "")
    yield from head(replace(pattern, hazard=first_line), level=3)
    for heading, text in page_texts(pattern):
        if heading == "Sources":
            yield "**What was seen.**\n"
            for half in HALVES:
                row = seen[pattern.name, half]
                yield f"- {half}: *{', '.join(row.outcomes)}*. {row.evidence}"
            stem = pattern.name.replace("-", "_")
            yield f"\nThe C: [csrc/patterns/{stem}.c](../csrc/patterns/{stem}.c)\n"
        yield section(heading, text)


def declared_text(declared: Declared) -> str:
    """Write an outcome, or the outcomes of several versions in a row."""
    if not isinstance(declared, Mapping):
        return either(declared)
    *earlier, last = versions(declared)
    parts = [(version, version) for version in earlier] + [(last, f"{last} and later")]
    parts += [(key, key) for key in (FREE_THREADED, NO_GIL) if key in declared]
    return ", ".join(f"{either(declared[key])} ({when})" for key, when in parts)
