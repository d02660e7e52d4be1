"""The output of the commands as Markdown for an issue or a README."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from gil_demo.csource.halves import halves
from gil_demo.gallery.page import page_parts
from gil_demo.gallery.pattern import Pattern
from gil_demo.gallery.question import page
from gil_demo.report.check_page import page_texts, reading
from gil_demo.report.environment import environment_line
from gil_demo.report.gallery import (
    claims_columns,
    gallery_columns,
    replacements,
    trial_columns,
)
from gil_demo.report.kit.columns import FittingTable
from gil_demo.report.kit.gfm import fenced, plain, table
from gil_demo.report.kit.screen import Screen
from gil_demo.report.patterns import (
    PATTERNS_TITLE,
    declared_text,
    patterns_columns,
    trials_caution,
)
from gil_demo.report.picture import Picture
from gil_demo.report.run_tables import responsiveness_table, run_caution, scaling_table
from gil_demo.results.patterns import TryResult
from gil_demo.results.run import RunResult
from gil_demo.words import HALVES

PICTURE_COLUMNS = 80
"""What a block of text on GitHub shows without scrolling."""


def run_markdown(result: RunResult, console: Screen) -> str:
    """Write a run: the picture as the console draws it, all columns of all tables, the verdict."""
    return "\n".join(_run(result, console))


def _run(result: RunResult, console: Screen) -> Iterator[str]:
    rounds = result.settings.rounds
    facts = [f"{environment_line(result.environment)}.", *result.notes]
    yield plain(" ".join(facts)) + "\n"
    if doubt := run_caution(result):
        yield f"**{plain(doubt)}**\n"
    if result.picture:
        picture = Picture(result.picture, result.environment.gil_enabled)
        yield fenced(console.text(picture, PICTURE_COLUMNS), "text")
    if result.scaling:
        yield from _figures(scaling_table(result.scaling, rounds))
    if result.responsiveness:
        yield from _figures(responsiveness_table(result.responsiveness, rounds))
    if result.patterns:
        yield f"**{plain(PATTERNS_TITLE)}**\n"
        yield table(patterns_columns(result.patterns))
    yield f"**Verdict: {result.verdict.state}.** {plain(' '.join(result.verdict.reasons))}\n"


def _figures(shown: FittingTable) -> Iterator[str]:
    yield f"**{plain(shown.title)}**\n"
    yield table(shown.columns)
    yield plain(shown.caption) + "\n"


def list_markdown(patterns: Sequence[Pattern]) -> str:
    """Write the list of patterns, a table a chapter."""
    chapters = groupby(patterns, lambda one: one.chapter)
    return "\n".join(
        f"**{chapter.capitalize()}**\n\n{table(gallery_columns(list(members)))}"
        for chapter, members in chapters
    )


def try_markdown(sentences: Mapping[str, str], trials: TryResult) -> str:
    """Write each hazard, and under it a table of what its halves did."""
    parts = [
        f"**{name}** {plain(sentences.get(name, ''))}\n\n{table(trial_columns(list(members)))}"
        for name, members in groupby(trials.patterns, lambda row: row.name)
    ]
    if warning := trials_caution(trials):
        parts.append(f"{plain(warning)}\n")
    return "\n".join(parts)


def show_markdown(pattern: Pattern) -> str:
    """Write a pattern's page, the C of its halves one below the other."""
    return "\n".join(_shown(pattern))


def _shown(pattern: Pattern) -> Iterator[str]:
    yield from head(pattern, level=2)
    for heading, text in page_texts(pattern):
        yield section(heading, text)
        if heading == "Mechanism":
            parts = halves(pattern.source)
            if parts.shared:
                yield f"**Both halves use**\n\n{fenced(parts.shared, 'c')}"
            for half, code in zip(HALVES, (parts.unsafe, parts.safe), strict=True):
                yield f"**{half}: {plain(declared_text(pattern, half))}**\n"
                yield fenced(code, "c")
            for one in replacements(parts):
                yield f"**{one.title[0].upper()}{one.title[1:]}**\n\n{fenced(one.code, 'c')}"


def walkthrough_markdown(asked: str, mended: str) -> str:
    """Write the page on the question's own program: both sources, and each claim."""
    return "\n".join(_walkthrough(asked, mended))


def _walkthrough(asked: str, mended: str) -> Iterator[str]:
    head, sections = page_parts(page.__doc__ or "")
    yield f"## {page.NAME}\n"
    yield f"{head}\n"
    for heading, text in sections.items():
        yield section(heading, text)
        if heading == "The question":
            yield f"**csrc/question/gilexample.c**\n\n{fenced(asked, 'c')}"
            yield section("What the check says", reading("gilexample.c", asked))
        if heading == "What to write instead":
            yield f"**csrc/question/gilexample\\_safe.c**\n\n{fenced(mended, 'c')}"
            yield section("What the check says", reading("gilexample_safe.c", mended))
        claims = claims_columns(heading, asked)
        if claims[0].cells:
            yield table(claims)


def head(pattern: Pattern, level: int) -> Iterator[str]:
    """Begin a page: name, question and hazard."""
    yield f"{'#' * level} {pattern.name}\n"
    yield f"**{pattern.question}** {pattern.hazard}\n"


def section(heading: str, text: str) -> str:
    """Write one part of a page."""
    return f"**{heading}.** {markdown(text)}\n".replace(".** \n", ".**\n\n")


def markdown(text: str) -> str:
    """Convert a page's text: Markdown's code marks, and a blank line before a list."""
    return re.sub(r"^- ", "\n- ", text, count=1, flags=re.MULTILINE).replace("``", "`")
