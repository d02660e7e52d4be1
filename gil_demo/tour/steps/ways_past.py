"""Ways past the GIL.

Idea:
    Under one GIL, one thread runs Python at a time. Two at a time need two GILs: two
    processes or, since CPython 3.12, two interpreters in one process. Each has its own
    objects; here both read a copy of the numbers. Or C does the work and releases the GIL. Or
    the build has no GIL. Each way has a price: to start, to copy, to write C. Below, each
    adds up the same numbers in two halves.

Question:
    Python's own sum makes an object of every number, and keeps the GIL while it does. Which
    two can be inside sum at the same moment, where there is a GIL?

Answers:
    - Two threads, if there is a core for each.
    - Two threads, once C has released the GIL.
    - Two processes, or two interpreters with a GIL each.
    - None: Python does only one thing at a time.

Why:
    sum makes and adds up Python objects, so it needs the GIL of its interpreter from start to
    end. Two threads of one interpreter have one GIL. Two processes have two, and so have two
    interpreters that were made with a GIL each. Released C runs two at once as well, but it
    is not Python's sum.

Remember:
    Python in parallel needs a GIL each, or none at all. Every way has a price.

Misconception:
    With processes the GIL costs nothing. Look at the columns start and copy: for short work,
    or for much data, they can cost more than they gain.

Ask:
    If the numbers had been in a mapped file all along, which column would change?

Reply:
    The column copy: each worker would map the same file, and the system would give all of
    them the same memory. Start and work would stay as they are, because each sum still makes
    an object of each number.

Otherwise:
    No row of interpreters on 3.11: a GIL each came with 3.12. A speed-up below 1x: look
    at the column inside; 2 decides. "Too busy to run both workers": press r.

Idea without a GIL:
    With a GIL, one thread runs Python at a time, and two at a time need two GILs: two processes
    or, since CPython 3.12, two interpreters in one process. This interpreter has no GIL. So threads
    are a way, too, and the others have only their price left: to start, to copy, to write C. Below,
    each adds up the same numbers in two halves.

Question without a GIL:
    Python's own sum makes an object of every number, and stays attached while it does. Which two
    can be inside sum at the same moment, where there is no GIL?

Answers without a GIL:
    - Two threads, as two processes can.
    - Two threads, but only in C that has released.
    - Two processes, but not two threads.
    - None: Python does only one thing at a time.

Why without a GIL:
    To be inside sum, a thread must be attached, and any number of threads can be attached at
    once. Two threads read the same numbers without a copy, and they start at once. Processes and
    interpreters still keep their objects apart.

Remember without a GIL:
    Without a GIL threads run Python side by side. What they share needs locks.

Misconception without a GIL:
    Without a GIL every program with threads is twice as fast. Only where they share little:
    objects that all threads use, with their reference counts, are copied from core to core, and
    that takes time.

Read more:
    - A GIL each (PEP 684): https://peps.python.org/pep-0684/
    - Interpreters (3.14): https://docs.python.org/3/library/concurrent.interpreters.html
    - Python without a GIL: https://docs.python.org/3/howto/free-threading-python.html
"""

from collections.abc import Collection, Mapping

from gil_demo.errors import Unavailable
from gil_demo.host import machine
from gil_demo.measuring.switching import traced
from gil_demo.progress import Progress
from gil_demo.results.lesson import Cell, Figure, Seen, Table
from gil_demo.tour.ways import compare
from gil_demo.tour.ways.compare import Found, Name, Way

MINUTES = 4

RIGHT = 2
"""The index of the right answer."""

RIGHT_WITHOUT_GIL = 0

LABELS: Mapping[Name, str] = {
    "one": "one Python thread",
    "threads": "two Python threads",
    "one released": "one thread, released C",
    "released": "two threads, released C",
    "processes": "two processes",
    "interpreters": "two interpreters",
}

HOW_COMPARED = (
    f"Medians of {compare.ROUNDS} rounds. Speed-up: over one thread, same code, round by round."
)

TOO_BUSY_TO_MEET = (
    "the machine was too busy to run both workers before one was done: please run it again"
)

SEPARATE: tuple[Name, ...] = ("processes", "interpreters")
"""The ways whose workers have a GIL each."""


def run(progress: Progress) -> Seen:
    """Do one job in every way, and check which two workers were ever inside together."""
    try:
        found = compare.compare(compare.numbers(), progress)
    except Unavailable as lack:
        return Seen.open(str(lack))
    return judge(
        found,
        gil_enabled=machine.gil_enabled(),
        free_threaded=machine.free_threaded(),
        traced=traced(),
    )


def judge(
    found: Mapping[Name, Found], *, gil_enabled: bool, free_threaded: bool, traced: bool = False
) -> Seen:
    """Compare the figures with the answers: who met, and whether the sums are right."""
    figures = (_table(found, gil_enabled, free_threaded),)
    there = {name: way for name, way in found.items() if isinstance(way, Way)}
    wrong = [LABELS[name] for name, way in there.items() if not way.exact]
    if wrong:
        return Seen.contradicted(f"the sum was wrong with {' and '.join(wrong)}", figures)
    met = {name for name, way in there.items() if way.peak_inside > 1}
    if not gil_enabled:
        return _judge_without_gil(found, met, figures)
    if "threads" in met and traced:
        return Seen.traced("two threads were between the two stamps around sum", figures)
    if "threads" in met:
        return Seen.contradicted("two threads were inside sum, which keeps the GIL", figures)
    threads_lack = found["threads"]
    if isinstance(threads_lack, Unavailable):
        return Seen.open(str(threads_lack), figures)
    if not met.intersection(SEPARATE):
        return Seen.open(_why_none_met(found["processes"]), figures)
    in_c = "two were in C at once, but " if "released" in met else ""
    return Seen.shown(
        RIGHT,
        (
            "No: their spans never overlapped. Each left sum before the other entered.",
            f"No: {in_c}Python's sum needs the GIL.",
            _separate(found),
            f"No: at one moment {_those(met)} were inside sum.",
        ),
        figures,
    )


def _judge_without_gil(
    found: Mapping[Name, Found], met: Collection[Name], figures: tuple[Figure, ...]
) -> Seen:
    """Compare who met with the answers, where threads can meet as well."""
    if "processes" not in met:
        return Seen.open(_why_none_met(found["processes"]), figures)
    threads = found["threads"]
    if "threads" not in met:
        return Seen.open(
            str(threads) if isinstance(threads, Unavailable) else TOO_BUSY_TO_MEET, figures
        )
    return Seen.shown(
        RIGHT_WITHOUT_GIL,
        (
            f"Yes: at one moment two threads were inside sum, and at another {_those(met)}.",
            "No: they were in Python's sum, which stays attached.",
            "No: two threads were inside, too.",
            "No: two were inside.",
        ),
        figures,
    )


def _why_none_met(processes: Found) -> str:
    if isinstance(processes, Unavailable):
        return str(processes)
    return TOO_BUSY_TO_MEET


def _separate(found: Mapping[Name, Found]) -> str:
    """Say what processes and interpreters did, as far as there are any."""
    there = {name: way for name in SEPARATE if isinstance(way := found[name], Way)}
    met = [name for name, way in there.items() if way.peak_inside > 1]
    said = [f"Yes: {_those(met)} were inside at one moment."] if met else []
    said += [f"Two {name} never met in this run." for name in there if name not in met]
    return " ".join(said)


def _those(met: Collection[Name]) -> str:
    return " and ".join(LABELS[name] for name in SEPARATE if name in met)


def _table(found: Mapping[Name, Found], gil_enabled: bool, free_threaded: bool) -> Table:
    there = {name: found[name] for name in LABELS}
    below = [HOW_COMPARED]
    below += [
        f"No {LABELS[name]}: {way}."
        for name, way in there.items()
        if isinstance(way, Unavailable) and name != "one released"  # the two have no base then
    ]
    if gil_enabled:
        below.append(f"No row without a GIL: {_why_a_gil(free_threaded)}.")
    return Table(
        header=("", "start", "copy", "work", "speed-up", "inside"),
        rows=tuple(
            (LABELS[name], *_cells(way)) for name, way in there.items() if isinstance(way, Way)
        ),
        caption="\n".join(below),
    )


def _why_a_gil(free_threaded: bool) -> str:
    if free_threaded:
        return "this build can run without, but its GIL was turned on"
    return "gil-demo runs without one on a free-threaded build"


def _cells(way: Way) -> tuple[Cell | None, ...]:
    return (
        _milliseconds(way.start_seconds),
        None if way.copy_seconds is None else _milliseconds(way.copy_seconds),
        _milliseconds(way.work_seconds),
        Cell.of(way.speedup, "x", 2),
        Cell(way.peak_inside),
    )


def _milliseconds(seconds: float) -> Cell:
    return Cell(seconds * 1e3, "ms", 1)
