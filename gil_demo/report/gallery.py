"""The gallery as it is read: the list, a page, and what trying a pattern showed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.style import Style
from rich.syntax import ANSI_DARK, ANSISyntaxTheme, Syntax
from rich.table import Table
from rich.text import Text

from gil_demo.csource.comments import tagged_lines
from gil_demo.csource.halves import Line, Parts, compared, halves
from gil_demo.gallery.page import page_parts
from gil_demo.gallery.pattern import Pattern
from gil_demo.gallery.question import claims, page
from gil_demo.host import machine
from gil_demo.report.check_page import page_texts, reading
from gil_demo.report.kit.columns import Column, ruled_table, words
from gil_demo.report.kit.palette import CAVEAT_STYLE, HALF_STYLES, OUTCOME_STYLES
from gil_demo.report.kit.sections import section, sources_section
from gil_demo.report.patterns import declared_text, outcomes_text, trials_caution
from gil_demo.results.patterns import PatternRow, TryResult
from gil_demo.words import HALVES, SAFE_WITH_GIL, Expected, Half, each

BRIGHT = {"bright_green": "green", "bright_cyan": "cyan"}
"""Colours that cannot be read on a light background, and what to take instead."""


def _readable(style: Style) -> Style:
    name = style.color.name if style.color else ""
    return style + Style(color=BRIGHT[name]) if name in BRIGHT else style


C_THEME = ANSISyntaxTheme({kind: _readable(style) for kind, style in ANSI_DARK.items()})
"""The terminal's own colours, so that C can be read on dark and on light backgrounds."""

MARK = ">"

HANGING_COLUMNS = 4
"""How much further in than a line of C begins, the rest of it goes on below."""

MIN_CODE_COLUMNS = 12
"""C is not cut into shorter pieces than this."""


def gallery_table(patterns: Sequence[Pattern]) -> RenderableType:
    """Draw the list of patterns, a chapter at a time."""
    table = ruled_table()
    name, question, *ends = gallery_columns(patterns)
    table.add_column(name.header, no_wrap=True, style="bold")
    table.add_column(question.header)
    for half in ends:
        table.add_column(half.header, no_wrap=True)
    for position, (chapter, members) in enumerate(groupby(patterns, lambda one: one.chapter)):
        if position:
            table.add_row()
        table.add_row(Text(chapter, "italic"))
        for cells in zip(*(one.cells for one in gallery_columns(list(members))), strict=True):
            table.add_row(*cells)
    hint = (
        "gil-demo show NAME shows the page of one, gil-demo try NAME runs it;"
        f" gil-demo show {page.NAME} shows the question's own program."
    )
    return Group(table, Text(), Text(hint))


def gallery_columns(patterns: Sequence[Pattern]) -> tuple[Column, ...]:
    """Make one row a pattern: its question, and the outcomes of its halves here."""
    return (
        words("pattern", (pattern.name for pattern in patterns)),
        words("the question it answers", (pattern.question for pattern in patterns)),
        words("unsafe half\nends in", (_ending(pattern, "unsafe") for pattern in patterns)),
        words("safe half\nends in", (_ending(pattern, "safe") for pattern in patterns)),
    )


def _ending(pattern: Pattern, half: Half) -> Text:
    """Write what a half ends in, and say if it is safe only with a GIL and there is none."""
    text = _outcomes(pattern.expected(half))
    return text.append(f"\n{SAFE_WITH_GIL}", CAVEAT_STYLE) if pattern.caveat(half) else text


def _outcomes(expected: Expected) -> Text:
    return Text("\nor ").join(Text(one, OUTCOME_STYLES[one]) for one in each(expected))


@dataclass(frozen=True, slots=True)
class Page:
    """A pattern's page, with its C side by side where that fits."""

    pattern: Pattern

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        pattern = self.pattern
        yield Text.assemble((pattern.name, "bold"), f"  {pattern.question}")
        yield Text(pattern.hazard, "italic")
        yield Text()
        sections = dict(page_texts(pattern))
        sources = sections.pop("Sources")
        mechanism = sections.pop("Mechanism")
        yield from section("Mechanism", mechanism)
        yield from self._code(options.max_width)
        for heading, text in sections.items():
            yield from section(heading, text)
        yield from sources_section(sources, console)

    def _code(self, width: int) -> Iterator[RenderableType]:
        parts = halves(self.pattern.source)
        yield from unmarked_code("both halves use", parts.shared)
        unsafe, safe = compared(self.pattern.source)
        titles = (half_title(self.pattern, half) for half in HALVES)
        sides = tuple(zip(titles, map(CLines, (unsafe, safe)), strict=True))
        longest = max(len(line.text) for line in unsafe + safe) + 2
        if 2 * longest + 4 <= width:
            table = Table.grid(padding=(0, 4, 0, 0))
            for row in zip(*sides, strict=True):
                table.add_row(*row)
            yield table
        else:
            for title, code in sides:
                yield title
                yield code
        yield Text(f"{MARK} marks the lines that differ.", "dim")
        yield Text()
        for one in replacements(parts):
            yield from unmarked_code(one.title, one.code)


@dataclass(frozen=True, slots=True)
class Replacement:
    """C that runs in the place of a half: a title that says where, and whether that is here."""

    name: str
    title: str
    code: str
    here: bool


def replacements(parts: Parts) -> list[Replacement]:
    """List what a pattern has of such C."""
    without_gil, free_threaded = not machine.gil_enabled(), machine.free_threaded()
    every = (
        Replacement("no-gil", "where there is no GIL", parts.no_gil, without_gil),
        Replacement(
            "free-threaded", "on a free-threaded build", parts.free_threaded, free_threaded
        ),
    )
    return [one for one in every if one.code]


def unmarked_code(title: str, code: str) -> Iterator[RenderableType]:
    """Draw C that is no side of the comparison, under a title; nothing if there is none."""
    if code:
        yield Text(title, "bold")
        yield CLines([Line(line, differs=False) for line in code.splitlines()])


def half_title(pattern: Pattern, half: Half) -> Text:
    """Name a half, and the outcomes that are declared for it here."""
    return Text(f"{half}: {declared_text(pattern, half)}", f"bold {HALF_STYLES[half]}")


@dataclass(frozen=True, slots=True)
class Walkthrough:
    """The question's own program line by line, with each claim about it, then the mended one."""

    asked: str
    mended: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        head, sections = page_parts(page.__doc__ or "")
        yield Text.assemble((page.NAME, "bold"), f"  {head}")
        yield Text()
        for heading, text in sections.items():
            if heading == "Sources":
                yield from sources_section(text, console)
            else:
                yield from section(heading, text)
            if heading == "The question":
                yield from self._code("gilexample.c", self.asked)
                yield from section("What the check says", reading("gilexample.c", self.asked))
            if heading == "What to write instead":
                yield from self._code("gilexample_safe.c", self.mended)
                yield from section("What the check says", reading("gilexample_safe.c", self.mended))
            yield from self._claims(heading)
        yield Text(f"gil-demo try {page.NAME} runs every claim.")

    def _code(self, name: str, source: str) -> Iterator[RenderableType]:
        yield Text(f"csrc/question/{name}", "bold")
        yield Syntax(source, "c", theme=C_THEME, line_numbers=True, word_wrap=True)
        yield Text()

    def _claims(self, part: str) -> Iterator[RenderableType]:
        if claims_columns(part, self.asked)[0].cells:
            yield Padding(claims_grid(part, self.asked), (0, 0, 0, 2))
            yield Text()


def claims_grid(part: str, asked: str) -> RenderableType:
    """Draw the claims in a part of the page: line, name, sentence, and how each program ends."""
    table = ruled_table()
    for column in claims_columns(part, asked):
        table.add_column(column.header, no_wrap=column.header != "what it says")
    for cells in zip(*(one.cells for one in claims_columns(part, asked)), strict=True):
        table.add_row(*cells)
    return table


def claims_columns(part: str, asked: str) -> tuple[Column, ...]:
    """Make one row a claim in a part of the page: its line, and how each program ends."""
    numbers = tagged_lines(asked)
    told = [claim for claim in claims.CLAIMS if claim.part == part]
    return (
        Column("line", tuple(str(numbers[claim.tag]) for claim in told)),
        words("claim", (claim.name.removeprefix(f"{page.NAME}/") for claim in told)),
        words("what it says", (claim.sentence for claim in told)),
        words("asked", (_outcomes(claim.unsafe) for claim in told)),
        words("mended", (_outcomes(claim.safe) for claim in told)),
    )


@dataclass(frozen=True, slots=True)
class CLines:
    """Highlighted C, with a mark before each line that the other half does not have.

    A line that does not fit goes on below, further in than it begins.
    """

    lines: Sequence[Line]

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        longest = max((len(line.text) for line in self.lines), default=0)
        return Measurement(MIN_CODE_COLUMNS, len(MARK) + 1 + longest)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        code = "\n".join(line.text for line in self.lines)
        highlighted = Syntax(code, "c", theme=C_THEME).highlight(code).split("\n", allow_blank=True)
        for line, text in zip(self.lines, highlighted, strict=False):
            if line.differs:
                text.stylize("bold")
            mark = Text(f"{MARK} " if line.differs else "  ", "bold")
            yield from _folded(mark, text, console, options.max_width)
        yield Text()


def _folded(mark: Text, code: Text, console: Console, width: int) -> Iterator[Text]:
    """Yield a line of C behind its mark, in several lines if it does not fit in one."""
    if len(mark) + len(code) <= width:
        yield mark + code
        return
    begin = len(code) - len(code.plain.lstrip())
    room = max(MIN_CODE_COLUMNS, width - len(mark) - begin - HANGING_COLUMNS)
    indent = max(0, min(begin, width - len(mark) - HANGING_COLUMNS - room))
    for position, part in enumerate(code[begin:].wrap(console, room)):
        part.rstrip()
        lead = mark if position == 0 else Text(" " * (len(mark) + HANGING_COLUMNS))
        yield lead + Text(" " * indent) + part


@dataclass(frozen=True, slots=True)
class Trial:
    """The results of trying patterns: under each hazard, what the halves did, in words."""

    sentences: Mapping[str, str]
    trials: TryResult

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for name, rows in groupby(self.trials.patterns, lambda row: row.name):
            yield Text.assemble((name, "bold"), f"  {self.sentences.get(name, '')}")
            yield trial_grid(rows)
            yield Text()
        if warning := trials_caution(self.trials):
            yield Text(warning, "bold")
            yield Text()


def trial_grid(rows: Iterable[PatternRow]) -> RenderableType:
    """Draw one line a half: its outcome, and the evidence."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column()
    for cells in zip(*(one.cells for one in trial_columns(list(rows))), strict=True):
        grid.add_row(*cells)
    return Padding(grid, (0, 0, 0, 2))


def trial_columns(rows: Sequence[PatternRow]) -> tuple[Column, ...]:
    """Make one row a half: its outcome, and the evidence."""
    return (
        words("half", (Text(row.half, HALF_STYLES[row.half]) for row in rows)),
        words("ended in", map(outcomes_text, rows)),
        words("what was seen", (_seen(row) for row in rows)),
    )


def _seen(row: PatternRow) -> str:
    """Tell the evidence, and why the half is safe only with a GIL, where it had none."""
    return f"{row.evidence}; {row.caveat}" if row.caveat else row.evidence
