"""The question's own code, line by line.

Idea:
    Is this safe? The function owns ``array``, and took ``size`` and ``data`` before BEGIN, so
    the block is right. But is the loop? It reads doubles that lie next to each other
    (contiguous). A view such as a[::2] has a longer stride, the way in memory from one
    element to the next.

Question:
    Every other number of arange(10.0) adds up to 20. What does the program's
    sum(arange(10.0)[::2]) return?

Answers:
    - 20: NumPy takes care of the strides.
    - 10: the first five doubles in memory.
    - Nothing: it raises an exception.

Why:
    arange(10.0)[::2] is a view of five doubles, each 16 bytes after the one before. ALIGNED
    asks only that the processor can load each of them, which is so, and NumPy returns the
    view itself. The loop then reads five doubles in a row: 0 + 1 + 2 + 3 + 4 = 10. No
    exception, only a wrong number.

Remember:
    The block was right. Ask for contiguous, and check every result.

Misconception:
    The elements of an array that NumPy has converted lie next to each other. NumPy does only
    what the flags ask for: ALIGNED says where one element may lie, C_CONTIGUOUS that each
    follows the one before.

Ask:
    Which flag would correct the loop, and which arrays would NumPy then copy?

Reply:
    NPY_ARRAY_IN_ARRAY: contiguous and aligned. NumPy then copies a view with steps, a
    transposed table, misaligned elements, another dtype or byte order, and a list. It does
    not copy a contiguous array of doubles. (gil-demo guard stops a program that asks for
    sum(arange(10.0)[::-1]) at this loop: C read past the end of the array's data.)

Otherwise:
    "wrong: no-argument, crash" is a claim about these lines, by its name, and how its trial
    ended: gil-demo show gilexample tells of each. "not tried, no GIL": such a claim depends on
    the GIL. The question's answer does not. A claim that is unfinished: press r.

Read more:
    - The question: https://stackoverflow.com/questions/8824739
    - Flags and copies: https://numpy.org/doc/stable/user/c-info.how-to-extend.html#converting-an-arbitrary-sequence-object
"""

import textwrap
from collections import defaultdict
from collections.abc import Sequence

from gil_demo.check.check import check_text
from gil_demo.check.grammar import would_turn_gil_on
from gil_demo.csource.comments import tagged_lines
from gil_demo.errors import BadInput
from gil_demo.gallery.question import claims, page
from gil_demo.host import machine
from gil_demo.progress import Progress
from gil_demo.results.lesson import Code, Line, Seen
from gil_demo.results.patterns import PatternRow
from gil_demo.tour.excerpt import excerpt, statements
from gil_demo.tour.trials import not_as_declared, outcome_of, row_of, try_once
from gil_demo.words import Half

MINUTES = 4

RIGHT = 1
"""The index of the right answer."""

ASKED = f"{page.NAME}/every-other"

FIRST_FIVE = float(sum(range(5)))
"""The sum of the elements that come first in the memory of arange(10.0)."""

ANYWHERE = tuple(f"{page.NAME}/{name}" for name in ("no-argument", "every-other", "not-numbers"))

IN_THE_BLOCK = tuple(
    f"{page.NAME}/{name}" for name in ("own-reference", "read-before", "not-moved")
)
"""Each of these is shown by what another thread does while C is in the block. That C is in the
block follows from the GIL, which nothing else releases."""

SHOWN = ANYWHERE + IN_THE_BLOCK

MAX_COLUMNS = 44
"""As wide as C may be for a remark to have room beside it."""


def code() -> Code:
    """Show the conversion, and the loop in its block."""
    lines = ("PyArray_FROM_OTF", "PyArray_DATA", "Py_BEGIN", "data[i]", "Py_END")
    return excerpt(*((line, "") for line in lines))


def run(progress: Progress) -> Seen:
    """Try claims about the program, and one about the program as it should be."""
    names = SHOWN if machine.gil_enabled() else ANYWHERE
    halves: list[tuple[str, Half]] = [(name, "unsafe") for name in names]
    return judge(try_once([*halves, (ASKED, "safe")], progress))


def judge(rows: Sequence[PatternRow]) -> Seen:
    """Compare the endings of the claims with the answers."""
    figures = (_figure(rows),)
    found, mended = (_value(row_of(rows, ASKED, half)) for half in ("unsafe", "safe"))
    if found != FIRST_FIVE:
        reason = f"C's sum was {found}, and that of the first five in memory is {FIRST_FIVE:g}"
        return not_as_declared(rows, figures) or Seen.contradicted(reason, figures)
    comparison = f" {page.NAME}_safe: {mended:g}." if mended is not None else ""
    remarks = (
        f"No: {found:g}. NPY_ARRAY_IN_ARRAY would ask for contiguous.",
        f"Yes: {found:g}. A strided view is aligned: no copy.{comparison}",
        "No: nothing was raised.",
    )
    return not_as_declared(rows, figures, remarks) or Seen.shown(RIGHT, remarks, figures)


def _value(row: PatternRow) -> float | None:
    """Return the sum that a half found, where it ended as expected."""
    found = row.finding.found if row.finding and row.as_expected else None
    return float(found) if isinstance(found, int | float) else None


def _figure(rows: Sequence[PatternRow]) -> Code:
    """Show the function from its first claim to the block's end, each claim with its ending."""
    source, _ = page.sources()
    found = statements(source)
    tags = tagged_lines(source)
    last = next(number for number, text in found.items() if text.startswith("Py_END"))
    tried = {row.name: row for row in rows if row.half == "unsafe"}
    remarks: defaultdict[int, list[str]] = defaultdict(list)
    for claim in claims.CLAIMS:
        if claim.name in SHOWN:
            number = min(number for number in found if number > tags[claim.tag])
            remarks[number].append(_remark(claim, tried.get(claim.name)))
    return Code(
        _title(source),
        tuple(
            Line(number, _wrapped(text), "\n".join(remarks[number]))
            for number, text in found.items()
            if min(tags.values()) < number <= last
        ),
    )


def _title(source: str) -> str:
    """Name the program, the lines that `gil-demo check` flags in it, and its page."""
    without = f"csrc/question/{page.NAME}.c: gil-demo show {page.NAME} tells of each claim"
    if would_turn_gil_on():  # for the rest of the lesson
        return without
    try:
        lines = sorted({one.place.line for one in check_text(f"{page.NAME}.c", source)})
    except BadInput:  # the parser is not installed
        return without
    starts = [max(first for first in statements(source) if first <= line) for line in lines]
    flagged = ", ".join(
        str(line) if line == first else f"{first}-{line}"
        for first, line in zip(starts, lines, strict=True)
    )
    return f"{page.NAME}.c: gil-demo check flags lines {flagged}; see gil-demo show {page.NAME}"


def _remark(claim: claims.Claim, row: PatternRow | None) -> str:
    """Say how a claim ended, and if it ended as claimed, what that says of its lines."""
    name = claim.name.removeprefix(f"{page.NAME}/")
    if row is None:
        return f"not tried, no GIL: {name}"
    word = "right: " if claim.part == page.RIGHT else "wrong: "
    return f"{word if row.as_expected else ''}{name}, {outcome_of(row)}"


def _wrapped(text: str) -> str:
    """Wrap the same C so that there is room beside the lines."""
    return "\n".join(
        part
        for line in text.splitlines()
        for part in textwrap.wrap(
            line, MAX_COLUMNS, subsequent_indent=" " * (len(line) - len(line.lstrip()) + 4)
        )
    )
