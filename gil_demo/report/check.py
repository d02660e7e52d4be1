"""Findings in C source as text: the way, the line with a caret, why, and what to write instead."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version

from rich.console import RenderableType
from rich.text import Text

from gil_demo.notation import count
from gil_demo.report.check_github import github
from gil_demo.report.check_sarif import sarif
from gil_demo.report.document import check_document, json_text
from gil_demo.report.kit.report import Texts
from gil_demo.results.check import CheckResult, Finding, Place
from gil_demo.words import LEVELS, Level

LEVEL_STYLES: dict[Level, str] = {
    "error": "bold red",
    "warning": "bold yellow",
    "advice": "bold cyan",
}

MAX_FINDINGS = 1000
"""How many findings are printed before the rest is counted."""
MAX_NAMED = 3
"""How many functions that were not read whole are named."""
MAX_PLACES = 8
"""How many further places are printed before the rest is counted."""


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The findings in every form."""

    result: CheckResult

    def screen(self) -> RenderableType:
        """Return the text; its lines are not to be wrapped."""
        return Text("\n").join(check_lines(self.result))

    def texts(self) -> Texts:
        """Return what makes each other form, by its name."""
        return {
            "json": lambda: json_text(check_document(self.result)),
            "sarif": lambda: json_text(sarif(self.result, version("gil-demo"))),
            "github": lambda: github(self.result),
        }


def check_lines(result: CheckResult) -> Iterator[Text]:
    """Yield all findings, one below the other, and an honest end. No line is to be wrapped."""
    for finding in result.findings[:MAX_FINDINGS]:
        yield from _finding(finding)
        yield Text()
    if len(result.findings) > MAX_FINDINGS:
        more = count(len(result.findings) - MAX_FINDINGS, "further finding")
        yield Text(f"{more} not printed: --format json has them all.")
    for unused in result.unused:
        yield Text(f"{_where(unused.place)}: the comment {unused.text}")
    for sentence in end_sentences(result):
        yield Text(sentence)


def _finding(finding: Finding) -> Iterator[Text]:
    yield Text.assemble(
        (_where(finding.place), "bold"),
        ": ",
        (finding.level, LEVEL_STYLES[finding.level]),
        f": {finding.message} [{finding.rule}]",
    )
    for step in finding.way:
        if step.place == finding.place:
            continue
        file = "" if step.place.file == finding.place.file else f"{step.place.file}:"
        yield Text(f"  {file}{step.place.line}: {step.text}", style="dim")
    yield from _caret(finding)
    if finding.places:
        lines = [str(place.line) for place in finding.places]
        more = len(lines) - MAX_PLACES
        rest = f" and {more} more" if more > 0 else ""
        yield Text(f"  the same: line {', '.join(lines[:MAX_PLACES])}{rest}")
    yield Text(f"  instead: {finding.instead}")
    page = f"gil-demo show {finding.pattern}" if finding.pattern else ""
    yield Text(f"  {page or f'gil-demo check --explain {finding.rule}'}")


def _caret(finding: Finding) -> Iterator[Text]:
    number = str(finding.place.line)
    source = finding.source_line.expandtabs(8)
    before = len(finding.source_line[: finding.place.column - 1].expandtabs(8))
    until = len(finding.source_line[: finding.place.end_column - 1].expandtabs(8))
    printable = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in source)
    yield Text(f"  {number} | {printable}")
    marks = " " * before + "^" + "~" * max(until - before - 1, 0)
    yield Text(f"  {' ' * len(number)} | ").append(marks, LEVEL_STYLES[finding.level])


def _where(place: Place) -> str:
    return f"{place.file}:{place.line}:{place.column}"


def end_sentences(result: CheckResult) -> list[str]:
    """Return what was read and what was not, and what no checker of source can see."""
    counts = Counter(finding.level for finding in result.findings)
    found = ", ".join(_findings(counts[level], level) for level in LEVELS if counts[level])
    unseen, patterns = len(result.patterns_unseen), result.patterns_seen + result.patterns_unseen
    sentences = [
        f"{found or 'Nothing found'} in {count(result.files, 'file')}"
        f" of {count(result.lines, 'line')}: {count(result.blocks, 'block')}"
        f" in {count(result.functions, 'function')} read,"
        f" {result.functions_not_understood} of these not whole{_not_whole(result)};"
        f" {count(result.calls_not_followed, 'call')} through pointers or methods not followed."
    ]
    if result.suppressed or result.in_baseline:
        sentences.append(
            f"{result.suppressed} suppressed by comments, {result.in_baseline} in the baseline."
        )
    sentences.append(
        f"This does not say that the code is safe: {unseen} of the {len(patterns)} patterns"
        f" of the gallery cannot be seen in C source ({', '.join(result.patterns_unseen)})."
    )
    return sentences


def _not_whole(result: CheckResult) -> str:
    """Name the functions that were not read whole, or the first of many."""
    named = [f"{place.file}:{place.line}" for place in result.not_whole[:MAX_NAMED]]
    more = ["…"] if len(result.not_whole) > MAX_NAMED else []
    return f" ({', '.join((*named, *more))})" if named else ""


def _findings(number: int, level: Level) -> str:
    return count(number, level, "advice" if level == "advice" else "")
