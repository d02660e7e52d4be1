"""Does anything move?

Idea:
    Some garbage collectors move the objects that survive. CPython's collector frees objects
    in a cycle, which keep only each other alive. The others stay: an object keeps one
    address for life; ``id`` returns it. The elements of an array lie in separate memory,
    which ``resize`` may move. It first looks at the reference count to see whether anybody
    else has the array; ``refcheck=False`` turns that off.

Question:
    C reads an array in the block. Meanwhile another thread runs the garbage collector again
    and again, among many arrays in cycles. How many addresses change?

Answers:
    - Some: a collector moves the survivors, to close the gaps.
    - None, because the collector waits until C is done.
    - None: the collector runs and frees objects, but moves nothing.

Why:
    The collector needs the GIL, which the block has released, so it runs while C reads. It
    looks only for objects that nothing outside their cycle refers to, and frees those. It
    moves nothing: C code everywhere keeps addresses of objects, and a moved object would
    leave them wrong.

Remember:
    The collector moves nothing. A resize can: never resize while C reads.

Misconception:
    An object must be pinned, or an array copied, before C may read it without the GIL. The C
    API has no call that pins an object, because no object moves.

Ask:
    What must C own for the address to stay valid, and what must nobody else do?

Reply:
    C must own a reference to the array, or its caller must. Nobody else may resize the array
    meanwhile: the check of ``resize`` refuses in most cases while C has a reference of its own,
    and with ``refcheck=False`` it frees what C reads: gil-demo show resize-under-reader.

Otherwise:
    "resize moved nothing": this allocator could let the array grow where it was. Say that
    resize can move the elements, not that it does. "Too busy": press r.

Why without a GIL:
    The collector stops the threads that are attached, and waits for none in the block, so it runs
    while C reads. It looks only for objects that nothing outside their cycle refers to, and frees
    those. It moves nothing: C code everywhere keeps addresses of objects, and a moved object would
    leave them wrong.

Read more:
    - Constant for life, and an address: https://docs.python.org/3/library/functions.html#id
    - What resize checks: https://numpy.org/doc/stable/reference/generated/numpy.ndarray.resize.html
"""

from gil_demo.progress import Progress
from gil_demo.results.lesson import Cell, Seen, Table
from gil_demo.tour.experiments.collector import ARRAYS, ELEMENTS, Reading, read_among_collections
from gil_demo.tour.experiments.resizing import Resize, resize_one

MINUTES = 3

RIGHT = 2
"""The index of the right answer."""


def run(progress: Progress) -> Seen:
    """Collect during a call that reads, then resize."""
    progress(0, 2)
    reading = read_among_collections()
    progress(1, 2)
    resize = resize_one()
    progress(2, 2)
    return judge(reading, resize)


def judge(reading: Reading, resize: Resize) -> Seen:
    """Compare the addresses with the answers."""
    inside = reading.inside
    arrays_moved = max((one.arrays_moved for one in reading.collections), default=0)
    data_moved = max((one.data_moved for one in reading.collections), default=0)
    figures = (_figure(reading, resize, arrays_moved, data_moved),)
    if arrays_moved or data_moved:
        return Seen.contradicted(
            "something had another address after a collection, which must not happen",
            figures,
            (f"{arrays_moved + data_moved:,} addresses changed.",),
        )
    if reading.total != ELEMENTS:
        reason = "C read other numbers than the array had, which must not happen"
        return Seen.contradicted(reason, figures)
    if not inside:
        return Seen.open("the machine was too busy to run the collector during the call", figures)
    return Seen.shown(
        RIGHT,
        (
            "No: none of them changed, and C read the right sum.",
            f"No: {len(inside)} collections began and ended during the one call.",
            f"Yes: those freed {sum(one.freed for one in inside):,} objects, and moved none.",
        ),
        figures,
    )


def _figure(reading: Reading, resize: Resize, arrays_moved: int, data_moved: int) -> Table:
    compared = (
        ("collections: of the array objects", ARRAYS, arrays_moved),
        ("collections: of their elements", ARRAYS, data_moved),
        ("resize: of one array's elements", 1, int(resize.after != resize.before)),
    )
    call_ms = (reading.exit_ns - reading.enter_ns) / 1e6
    return Table(
        ("addresses, before and after", "compared", "changed"),
        tuple((what, Cell(count), Cell(changed)) for what, count, changed in compared),
        f"{len(reading.inside)} collections lay within the released call of {call_ms:,.0f} ms,"
        f" and freed {sum(one.freed for one in reading.inside):,} objects."
        f" {_resized(resize)}",
    )


def _resized(resize: Resize) -> str:
    if resize.before == resize.after:
        return "This allocator let the array grow where it was, so resize moved nothing."
    how = "resize"
    if resize.refused:
        how = "resize refused, since somebody else may have the array; refcheck=False"
    return (
        f"{how} moved the elements from {resize.before:#x} to {resize.after:#x}."
        " Under a reader: gil-demo try resize-under-reader."
    )
