"""May I read?

Idea:
    Reading an array's elements does not need the GIL. It needs memory that stays. An array
    lives as long as somebody owns a reference to it; a pointer to its elements owns nothing.
    An argument is owned by C's caller until C returns. An item that C finds in a list is
    only borrowed: ``PyList_GET_ITEM`` leaves the list as the owner, and while C is in the
    block another thread may clear the list.

Question:
    C found an array in a list and reads it in the block. Another thread clears the list, and
    nobody else in Python has the array. What can keep it alive?

Answers:
    - The garbage collector: it sees that C is still reading.
    - Only a reference that C, or C's caller, owns for the whole block.
    - Nothing: C must copy the elements before it releases the GIL.

Remember:
    Own a reference until END, and let nobody write or resize meanwhile.

Misconception:
    An argument needs a Py_INCREF before the block. It does not: its caller owns a reference
    and waits for the function. An item lent by PyList_GET_ITEM or PyDict_GetItem does need one.
    (Where the memory is not the array's own, as with shared memory, its owner must keep it.)

Ask:
    PyArray_FROM_OTF may return the very array that it was given. Who owns that reference?
    And what does the command guard say of your own programs?

Read more:
    - Who owns an argument, and who lends: https://docs.python.org/3/extending/extending.html#ownership-rules
    - Borrowed references and threads: https://docs.python.org/3/extending/extending.html#thin-ice
"""

from collections.abc import Sequence

from gil_demo.measuring.progress import Progress
from gil_demo.results.lesson import Seen, Table
from gil_demo.results.patterns import PatternRow
from gil_demo.tour.trials import not_as_declared, outcome_of, row_of, told_by, try_once
from gil_demo.words import Half

MINUTES = 3

OWNERS: dict[tuple[str, Half], str] = {
    ("borrowed-reference", "unsafe"): "the list, until it is cleared",
    ("borrowed-reference", "safe"): "C itself: Py_INCREF",
    ("temporary-pointer", "unsafe"): "nobody: C got an address",
    ("temporary-pointer", "safe"): "C's caller: an argument",
}
"""Who owns the array while C reads it, in each half that is run."""


def run(progress: Progress) -> Seen:
    """Let C read arrays that have an owner, and arrays that have lost their owner."""
    return judge(try_once(OWNERS, progress))


def judge(rows: Sequence[PatternRow]) -> Seen:
    """Compare the endings with the answers."""
    figure = Table(
        ("who owns the array", "ended in", "what was seen"),
        tuple(_cells(rows, *key) for key in OWNERS),
    )
    if unexpected := not_as_declared(rows, (figure,)):
        return unexpected
    ended = outcome_of(row_of(rows, "borrowed-reference", "unsafe"))
    return Seen.shown(
        1,
        (
            f"No. With no owner left: {ended}, as freed elements are guarded here; unguarded,"
            " the old numbers may still be there, and the sum look right.",
            "Yes: owned by C itself, or by its caller alone, it gave the right sum.",
            "No: both right sums were read from the array itself.",
        ),
        (figure,),
    )


def _cells(rows: Sequence[PatternRow], name: str, half: Half) -> tuple[str, ...]:
    row = row_of(rows, name, half)
    return OWNERS[name, half], outcome_of(row), told_by(row)
