"""The question's own code, line by line.

Idea:
    A C extension sums an array in a block; its author asked whether that is safe. Before the
    block it owns a reference and has taken size and data pointer. Inside, it touches only C
    variables and the elements. So the block is right. Yet a loop is as right as what it is
    given: this one adds up so many doubles, one after the other. And whether parsing and
    conversion worked, the program never looks.

Question:
    Every other number of arange(10.0) adds up to 20. What does the program's
    sum(arange(10.0)[::2]) return?

Answers:
    - 20: NumPy takes care of the strides.
    - 10: the first five doubles in memory.
    - Nothing: it raises an exception.

Remember:
    The block was right. Ask for contiguous, and check every result.

Misconception:
    An array that NumPy has converted lies side by side. It is what the flags ask for, and no
    more: ALIGNED says where one element may lie, C_CONTIGUOUS that they follow each other.

Ask:
    Which flag would mend the loop, and which arrays would NumPy then copy?

Read more:
    - The question: https://stackoverflow.com/questions/8824739
    - Flags and copies: https://numpy.org/doc/stable/user/c-info.how-to-extend.html#converting-an-arbitrary-sequence-object
"""

import textwrap
from collections import defaultdict
from collections.abc import Sequence

from gil_demo.csource.comments import tagged_lines
from gil_demo.csource.functions import function
from gil_demo.gallery.question import claims, page
from gil_demo.host import machine
from gil_demo.results.patterns import PatternRow
from gil_demo.tour.step import Code, Progress, Seen
from gil_demo.tour.trials import judged, outcome_of, row_of, try_once
from gil_demo.words import Half

MINUTES = 4

ASKED = f"{page.NAME}/every-other"

FIRST_FIVE = float(sum(range(5)))
"""What lies first in the memory of arange(10.0), added up."""

ANYWHERE = tuple(f"{page.NAME}/{name}" for name in ("no-argument", "every-other", "not-numbers"))

IN_THE_BLOCK = tuple(
    f"{page.NAME}/{name}" for name in ("own-reference", "read-before", "not-moved")
)
"""These are seen by what another thread does while C is in the block. That it is in the block
follows from the GIL, which nothing else lets go of."""

SHOWN = ANYWHERE + IN_THE_BLOCK

MOST_COLUMNS = 44
"""As wide as C may be for a remark to have room beside it."""


def run(progress: Progress) -> Seen:
    """Try claims about the program, and one about the program as it should be."""
    names = SHOWN if machine.gil_enabled() else ANYWHERE
    halves: list[tuple[str, Half]] = [(name, "unsafe") for name in names]
    return judge(try_once([*halves, (ASKED, "safe")], progress))


def judge(rows: Sequence[PatternRow]) -> Seen:
    """What the endings of the claims say about the answers."""
    state, reason = judged(rows)
    figures = (_figure(rows),)
    found, mended = (_value(row_of(rows, ASKED, half)) for half in ("unsafe", "safe"))
    if state == "shown" and found != FIRST_FIVE:
        state, reason = "contradicted", f"C's sum was {found}, which is not of the first in memory"
    if found != FIRST_FIVE:
        return Seen(state, None, ("", "", ""), figures, reason)
    comparison = f" {page.NAME}_safe: {mended:g}." if mended is not None else ""
    return Seen(
        state,
        1 if state == "shown" else None,
        (
            f"No: {found:g}. NPY_ARRAY_IN_ARRAY would ask for contiguous.",
            f"Yes: {found:g}. A strided view is aligned: no copy.{comparison}",
            "No: nothing was raised.",
        ),
        figures,
        reason,
    )


def _value(row: PatternRow) -> float | None:
    """Return the sum that a half found, where it ended as expected."""
    found = row.finding.found if row.finding and row.as_expected else None
    return float(found) if isinstance(found, int | float) else None


def _figure(rows: Sequence[PatternRow]) -> Code:
    """The function from its first claim to the end of the block, each claim with its ending."""
    source, _ = page.sources()
    statements = _statements(source)
    tags = tagged_lines(source)
    last = next(number for number, text in statements.items() if text.startswith("Py_END"))
    tried = {row.name: row for row in rows if row.half == "unsafe"}
    remarks: defaultdict[int, list[str]] = defaultdict(list)
    for claim in claims.CLAIMS:
        if claim.name in SHOWN:
            number = min(number for number in statements if number > tags[claim.tag])
            remarks[number].append(_remark(claim, tried.get(claim.name)))
    return Code(
        f"csrc/question/{page.NAME}.c: gil-demo show {page.NAME} tells of each claim",
        {
            number: _wrapped(text)
            for number, text in statements.items()
            if min(tags.values()) < number <= last
        },
        {number: "\n".join(lines) for number, lines in remarks.items()},
    )


def _remark(claim: claims.Claim, row: PatternRow | None) -> str:
    """What a claim ended in, and what it says of its lines if that was as claimed."""
    name = claim.name.removeprefix(f"{page.NAME}/")
    if row is None:
        return f"not tried, no GIL: {name}"
    word = "right: " if claim.part == page.RIGHT else "wrong: "
    return f"{word if row.as_expected else ''}{name}, {outcome_of(row)}"


def _statements(source: str) -> dict[int, str]:
    """The statements of the question's function by their lines' numbers, without comments.

    What is indented more than the statement before it is a part of that.
    """
    found: dict[int, str] = {}
    for number, text in function(source, "sum").body_lines().items():
        if text.startswith(" "):
            found[max(found)] += f"\n{text}"
        else:
            found[number] = text
    return found


def _wrapped(text: str) -> str:
    """The same C in lines that leave room beside them."""
    return "\n".join(
        part
        for line in text.splitlines()
        for part in textwrap.wrap(
            line, MOST_COLUMNS, subsequent_indent=" " * (len(line) - len(line.lstrip()) + 4)
        )
    )
