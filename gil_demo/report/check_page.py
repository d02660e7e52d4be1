"""A rule's page: what it finds and why, with C that it flags beside C that it does not."""

from collections.abc import Iterator

from rich.console import Console, ConsoleOptions, RenderResult
from rich.padding import Padding
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from gil_demo.check.check import check_text
from gil_demo.check.grammar import would_turn_gil_on
from gil_demo.check.rule import Rule, load_all, rules_for
from gil_demo.csource.halves import halves
from gil_demo.errors import BadInput
from gil_demo.gallery.pattern import OWN_CODE, Pattern
from gil_demo.native.patterns import pattern_source
from gil_demo.report.check import LEVEL_STYLES
from gil_demo.report.kit.sections import section

C_THEME = "ansi_dark"
"""The terminal's own colours, so that C suits dark and light backgrounds."""


def examples(rule: Rule) -> tuple[str, str]:
    """Return C that the rule flags and C that it does not: its own, or that of its pattern."""
    if rule.examples is not None:
        return rule.examples
    parts = halves(pattern_source(rule.flags[0]) or "")
    return parts.unsafe, parts.safe


class RulePage:
    """One rule, explained."""

    def __init__(self, rule: Rule) -> None:
        """Begin with the rule."""
        self._rule = rule

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        rule = self._rule
        yield Text.assemble((rule.name, "bold"), "  ", (rule.level, LEVEL_STYLES[rule.level]))
        yield Text(rule.sentence, "italic")
        yield Text()
        yield from section("Mechanism", rule.page["Mechanism"])
        yield from section("Instead", rule.instead)
        if rule.runs:
            yield Text("Runs", "bold")
            yield Padding(_runs(rule), (0, 0, 1, 2))
        for title, code in zip(("Flagged", "Not flagged"), examples(rule), strict=True):
            yield Text(title, "bold")
            yield Padding(Syntax(code.rstrip(), "c", theme=C_THEME, word_wrap=True), (0, 0, 1, 2))
        for title, text in rule.page.items():
            if title != "Mechanism":
                yield from section(title, text)
        if rule.pattern:
            yield Text(f"gil-demo show {rule.pattern}")


def _versions(rule: Rule) -> list[str]:
    return list(next(iter(rule.runs.values()), {}))


def _runs(rule: Rule) -> Table:
    table = Table("called without the GIL", *_versions(rule), box=None, padding=(0, 2, 0, 0))
    for name, ended in rule.runs.items():
        table.add_row(name, *ended.values())
    return table


def runs_table(rule: Rule) -> str:
    """Write how each call ended that a rule is about, as a table in Markdown."""
    head = ["called without the GIL", *_versions(rule)]
    rows = [head, ["---"] * len(head), *([f"`{n}`", *e.values()] for n, e in rule.runs.items())]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def page_texts(pattern: Pattern) -> Iterator[tuple[str, str]]:
    """Yield the headings and texts of a page; what `gil-demo check` finds is added to its text."""
    for heading, text in pattern.page.items():
        seen = f"{seen_sentence(pattern.name)}\n\n".lstrip() if heading == OWN_CODE else ""
        yield heading, f"{seen}{text}"


def seen_sentence(pattern: str) -> str:
    """Say how `gil-demo check` finds the unsafe half of a pattern; nothing if it does not.

    Why it does not is then on the page.
    """
    rules = rules_for(pattern)
    if not rules:
        return ""
    names = " and ".join(one.name for one in rules)
    if any(one.level == "advice" for one in rules):
        return f"``gil-demo check --level advice FILE.c`` finds this as {names}."
    return f"``gil-demo check FILE.c`` finds this as {names}."


def reading(name: str, text: str) -> str:
    """Say in a list what the check finds in the text of a file, or how to have it."""
    if would_turn_gil_on():
        return f"gil-demo check {name} tells, on a Python with a GIL."
    try:
        findings = check_text(name, text)
    except BadInput as error:
        return str(error)
    if not findings:
        return f"gil-demo check {name} finds nothing."
    lines = (f"- line {one.place.line}: {one.message} ({one.rule})" for one in findings)
    return "\n".join((f"gil-demo check {name} finds:", *lines))


def rules_table() -> str:
    """Write all rules as a table in Markdown, with the pages that show each hazard."""
    rows = ["| rule | level | finds | page |", "| --- | --- | --- | --- |"]
    for rule in load_all():
        names = [flag.replace("_", "-") for flag in rule.flags if flag != "gilexample"]
        pages = ", ".join(f"[{name}](gallery.md#{name})" for name in names) or "-"
        rows.append(f"| `{rule.name}` | {rule.level} | {rule.sentence} | {pages} |")
    return "\n".join(rows)
