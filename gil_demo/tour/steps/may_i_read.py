"""May I read?

Idea:
    Reading elements does not need the GIL. It needs memory that stays. An array lives while
    somebody owns a reference to it, which keeps it alive; a pointer owns nothing. C's caller
    owns the arguments until C returns. An item that C gets with PyList_GET_ITEM is only
    borrowed: the list owns it, and another thread may clear the list during the block. Freed
    elements are guarded here: reading them ends the process.

Question:
    C found an array in a list and reads it in the block. Another thread clears the list, and
    nobody else in Python has the array. What can keep it alive?

Answers:
    - The garbage collector: it sees that C is still reading.
    - Only a reference that C, or C's caller, owns for the whole block.
    - Nothing: C must copy the elements before it releases the GIL.

Why:
    An array is freed when its last reference goes, even if C still has a pointer to its
    elements. Clearing the list drops the list's reference. A reference that C took before
    BEGIN, with Py_INCREF, keeps the array until C drops it after END. The same holds for the
    caller's reference to an argument. The collector does not look at C's pointers, and a copy
    is not needed.

Remember:
    Own a reference until END, and let nobody write or resize meanwhile.

Misconception:
    An argument needs a Py_INCREF before the block. It does not: its caller owns a reference
    and waits for the function. An item lent by PyList_GET_ITEM or PyDict_GetItem does need
    one. (Where the memory is not the array's own, as with shared memory, its owner must keep
    it: gil-demo show no-owner.)

Ask:
    PyArray_FROM_OTF, which makes an array of any object, may return the very array that it was
    given. Who owns that reference?

Reply:
    C owns it. The function returns a new reference also where it returns its argument: the
    count goes up by one. So C must drop it after END, with Py_DECREF, and until then nobody
    can free the array. (In your own programs gil-demo guard finds C that reads freed elements.)

Otherwise:
    The signal and the milliseconds differ from system to system; the outcome decides. A half
    that is unfinished had no time to get to its end: press r.

Idea without a GIL:
    Reading elements needs memory that stays. An array lives while somebody owns a reference to it,
    which keeps it alive; a pointer owns nothing. C's caller owns the arguments until C returns. An
    item that C gets with PyList_GET_ITEM is only borrowed: the list owns it, and another thread
    may clear the list at any moment, also while C is attached. Freed elements are guarded here:
    reading them ends the process.

Question without a GIL:
    C found an array in a list and reads it. Another thread clears the list, and nobody else in
    Python has the array. What can keep it alive?

Answers without a GIL:
    - The garbage collector: it sees that C is still reading.
    - Only a reference that C, or C's caller, owns as long as C reads.
    - Nothing: C must copy the elements first.

Why without a GIL:
    An array is freed when its last reference goes, even if C still has a pointer to its elements.
    Clearing the list drops the list's reference. A reference that C takes in one step, with
    PyList_GetItemRef, keeps the array until C drops it. PyList_GET_ITEM and then Py_INCREF can
    come too late: the list may be cleared between the two. The caller's reference to an argument
    keeps the array, too. The collector does not look at C's pointers, and a copy is not needed.

Remember without a GIL:
    Take the item and its reference in one step, and let nobody write or resize meanwhile.

Misconception without a GIL:
    A Py_INCREF makes every borrowed reference safe. It can come too late, so take the item with
    PyList_GetItemRef or PyDict_GetItemRef. An argument needs neither: its caller owns a reference
    and waits for the function. (Where the memory is not the array's own, as with shared memory,
    its owner must keep it: gil-demo show no-owner.)

Reply without a GIL:
    C owns it. The function returns a new reference also where it returns its argument: the count
    goes up by one. So C must drop it when it has read, with Py_DECREF, while it is attached, and
    until then nobody can free the array. (In your own programs gil-demo guard finds C that reads
    freed elements.)

Read more:
    - Who owns an argument, and who lends: https://docs.python.org/3/extending/extending.html#ownership-rules
    - Borrowed references and threads: https://docs.python.org/3/extending/extending.html#thin-ice
    - Without a GIL: https://docs.python.org/3/howto/free-threading-extensions.html#borrowed-references
"""

from collections.abc import Sequence

from gil_demo.progress import Progress
from gil_demo.results.lesson import Seen, Table
from gil_demo.results.patterns import PatternRow
from gil_demo.tour.trials import not_as_declared, outcome_of, row_of, told_rows, try_once
from gil_demo.words import Half

MINUTES = 3

RIGHT = 1
"""The index of the right answer."""

OWNERS: dict[tuple[str, Half], str] = {
    ("borrowed-reference", "unsafe"): "the list, until it is cleared",
    ("borrowed-reference", "safe"): "C itself: a new reference",
    ("temporary-pointer", "unsafe"): "nobody: C got an address",
    ("temporary-pointer", "safe"): "C's caller: an argument",
}
"""Who owns the array while C reads it, in each half that is run."""


def run(progress: Progress) -> Seen:
    """Let C read arrays that have an owner, and arrays that have lost their owner."""
    return judge(try_once(OWNERS, progress))


def judge(rows: Sequence[PatternRow]) -> Seen:
    """Compare the endings with the answers."""
    header = ("who owns the array", "ended in", "what was seen")
    figure = Table(header, told_rows(rows, OWNERS))
    if unexpected := not_as_declared(rows, (figure,)):
        return unexpected
    ended = outcome_of(row_of(rows, "borrowed-reference", "unsafe"))
    return Seen.shown(
        RIGHT,
        (
            f"No. With no owner left: {ended}, as freed elements are guarded here; unguarded,"
            " the old numbers may still be there, and the sum look right.",
            "Yes: owned by C itself, or by its caller alone, it gave the right sum.",
            "No: C made no copy in either half that gave the right sum.",
        ),
        (figure,),
    )
