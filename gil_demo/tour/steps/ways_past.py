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

Remember:
    Python in parallel needs a GIL each, or none at all. Every way has a price.

Misconception:
    With processes the GIL costs nothing. Look at the columns start and copy: for short work,
    or for much data, they can cost more than they gain.

Ask:
    If the numbers had been in a mapped file all along, which column would change?

Read more:
    - A GIL each (PEP 684): https://peps.python.org/pep-0684/
    - Interpreters (3.14): https://docs.python.org/3/library/concurrent.interpreters.html
    - Python without a GIL: https://docs.python.org/3/howto/free-threading-python.html
"""

from collections.abc import Iterable, Mapping

from gil_demo.errors import Unavailable
from gil_demo.host import machine
from gil_demo.measuring.progress import Progress
from gil_demo.results.numbers import Spread
from gil_demo.tour.step import Seen, Table
from gil_demo.tour.ways import compare
from gil_demo.tour.ways.compare import Found, Name, Way
from gil_demo.words import State

MINUTES = 4

LABELS: Mapping[Name, str] = {
    "one": "one Python thread",
    "threads": "two Python threads",
    "one released": "one thread, released C",
    "released": "two threads, released C",
    "processes": "two processes",
    "interpreters": "two interpreters",
}

BELOW_THE_TABLE: Name = "one released"
"""The way that has no row in the table; the time that one thread took in C stands below it."""

SEPARATE: tuple[Name, ...] = ("processes", "interpreters")
"""The ways whose workers have a GIL each."""


def run(progress: Progress) -> Seen:
    """Do one job in every way, and check which two workers were ever inside together."""
    try:
        found = compare.compare(compare.numbers(), progress)
    except Unavailable as lack:
        return Seen("inconclusive", None, ("",) * 4, (), str(lack))
    return judge(found, gil_enabled=machine.gil_enabled(), free_threaded=machine.free_threaded())


def judge(found: Mapping[Name, Found], *, gil_enabled: bool, free_threaded: bool) -> Seen:
    """What the figures say about the answers: who met, and whether the sums are right."""
    figure = _table(found, gil_enabled, free_threaded)
    there = {name: way for name, way in found.items() if isinstance(way, Way)}
    wrong = [LABELS[name] for name, way in there.items() if not way.exact]
    if wrong:
        return _none_shown(figure, "contradicted", f"the sum was wrong with {' and '.join(wrong)}")
    met = {name for name, way in there.items() if way.peak_inside > 1}
    if gil_enabled and "threads" in met:
        return _none_shown(
            figure, "contradicted", "two threads were inside sum, which keeps the GIL"
        )
    separate = _separate(found)
    if not gil_enabled:
        threads = "Here, yes: without a GIL, two threads were inside." if "threads" in met else ""
        return Seen(
            "inconclusive",
            None,
            (threads, "", separate, "No." if met - {"released"} else ""),
            (figure,),
            "this interpreter runs without a GIL, so the question does not arise",
        )
    threads_lack = found["threads"]
    if isinstance(threads_lack, Unavailable):
        return _none_shown(figure, "inconclusive", str(threads_lack))
    if not met & {"processes", "interpreters"}:
        return _none_shown(figure, "inconclusive", _why_none_met(found["processes"]))
    in_c = "two were in C at once. But " if "released" in met else ""
    return Seen(
        "shown",
        2,
        (
            "No: their spans never overlapped. Each left sum before the other entered.",
            f"No: {in_c}sum makes objects, and that needs the GIL.",
            separate,
            f"No: at one moment {_those(met)} were inside sum.",
        ),
        (figure,),
    )


def _why_none_met(processes: Found) -> str:
    if isinstance(processes, Unavailable):
        return str(processes)
    return "the machine was too busy to run both workers before one was done: please run it again"


def _none_shown(figure: Table, state: State, reason: str) -> Seen:
    return Seen(state, None, ("",) * 4, (figure,), reason)


def _separate(found: Mapping[Name, Found]) -> str:
    """What processes and interpreters did, as far as there are any."""
    there = {name: way for name in SEPARATE if isinstance(way := found[name], Way)}
    met = [name for name, way in there.items() if way.peak_inside > 1]
    said = [f"Yes: {_those(met)} were inside at one moment."] if met else []
    said += [f"Two {name} never met in this run." for name in there if name not in met]
    return " ".join(said)


def _those(met: Iterable[Name]) -> str:
    return " and ".join(LABELS[name] for name in SEPARATE if name in met)


def _table(found: Mapping[Name, Found], gil_enabled: bool, free_threaded: bool) -> Table:
    there = {name: found[name] for name in LABELS if name != UNDER_THE_TABLE}
    below = [_how_compared(found[UNDER_THE_TABLE])]
    below += [
        f"No {LABELS[name]}: {way}." for name, way in there.items() if isinstance(way, Unavailable)
    ]
    if gil_enabled:
        below.append(f"No row without a GIL: {_why_a_gil(free_threaded)}.")
    return Table(
        header=("in ms", "start", "copy", "work", "speed-up", "lowest-highest", "inside"),
        rows=tuple(
            (LABELS[name], *_cells(way)) for name, way in there.items() if isinstance(way, Way)
        ),
        caption="\n".join(below),
    )


def _how_compared(one_released: Found) -> str:
    in_c = ""
    if isinstance(one_released, Way):
        in_c = f" (C: {_milliseconds(one_released.work_seconds)} ms)"
    return f"Work: medians of {compare.ROUNDS} rounds. Speed-up: over one thread, same code{in_c}."


def _why_a_gil(free_threaded: bool) -> str:
    if free_threaded:
        return "this build can run without, but its GIL was turned on"
    return "it needs a free-threaded build, 3.14t or later"


def _cells(way: Way) -> tuple[str, ...]:
    copy = "-" if way.copy_seconds is None else _milliseconds(way.copy_seconds)
    return (
        _milliseconds(way.start_seconds),
        copy,
        _milliseconds(way.work_seconds),
        f"{way.speedup.median:.2f}x",
        _range(way.speedup),
        str(way.peak_inside),
    )


def _range(spread: Spread) -> str:
    """Write the range of the speed-up; nothing where a way is compared with itself."""
    return f"{spread.low:.2f}-{spread.high:.2f}" if spread.low < spread.high else "-"


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:.1f}"
