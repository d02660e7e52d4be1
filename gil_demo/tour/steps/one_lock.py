"""One lock.

Idea:
    CPython has one lock, the global interpreter lock or GIL. It protects what threads share,
    first of all the reference counts of objects. A thread must hold it to run Python, and
    keeps it while in C, until C releases it. The kernel is such C: a loop that adds up an
    array. A call's span is its time in C, from entering to leaving. The ticker, a third
    thread, notes the time whenever it can run Python.

Question:
    Two Python threads call the kernel at the same moment, and C keeps the GIL. What happens?

Answers:
    - Both are in C at once, each on a core of its own.
    - One is in C, and the other enters when the first has left.
    - They take turns: Python switches between them every few milliseconds.

Why:
    The first thread holds the GIL while it is in C. The second needs the GIL to run the
    Python that calls C, so it waits. It asks after the switch interval, but only the loop
    that runs Python looks whether somebody asked, and that loop waits for C to return. The
    GIL exists because CPython counts references with plain additions: two threads that count
    at once could lose one (step 6 of the lesson shows how), and an object would be freed too
    early or never.

Remember:
    C that keeps the GIL runs alone, to its end.

Misconception:
    Python switches threads every 5 ms, so a long C call is interrupted too. No. After 5 ms a
    waiting thread asks for the GIL, but only Python code answers. C never checks.

Ask:
    Which line of Python would let the other thread in sooner?

Reply:
    No line can while C runs. Two shorter calls in place of one help: Python runs between
    them, sees that somebody asked, and hands over the GIL. ``time.sleep(0)`` between them
    releases it without being asked.

Otherwise:
    Bars of unequal length, or a gap between them: another program had the core. Only the
    order decides. An interpreter that runs without its GIL has another answer, and says so.

Idea without a GIL:
    CPython usually has one lock, the global interpreter lock or GIL. This interpreter runs
    without it: a thread that runs Python is only attached to the interpreter, and many can be
    attached at once. The kernel is C that stays attached: a loop that adds up an array. A call's
    span is its time in C, from entering to leaving. Below are also two calls of C that append to
    one log, and rely on a GIL as their lock.

Question without a GIL:
    Two Python threads call the kernel at the same moment, and C stays attached. What happens?

Answers without a GIL:
    - Both are in C at once.
    - One is in C, and the other enters when the first has left.
    - They take turns: Python switches between them every few milliseconds.

Why without a GIL:
    Neither thread has anything that the other must wait for. With a GIL a call that stays
    attached has C's own data for itself, and nobody wrote that down. Here both calls read the
    same end of the log, both write there, and one number is lost. The safe half stays attached,
    too, and takes a lock of C's own, a PyMutex, which keeps the calls apart.

Remember without a GIL:
    C that stays attached keeps nobody out: its own data need a lock of their own.

Misconception without a GIL:
    Without a GIL, Python's own lists and dicts break, too. No: each single operation of theirs is
    safe, with a lock where it needs one. Two in a row are not one operation. And in C the macro
    PyList_GET_ITEM and PyDict_Next do not lock. What breaks is data that only the GIL protected.

Ask without a GIL:
    Which data of an extension did the GIL protect?

Reply without a GIL:
    ``static`` variables, caches, the handle of a library: all that two calls share. Look for it
    in your own code: gil-demo show gil-as-lock, gil-demo show shared-scratch.

Otherwise without a GIL:
    Bars of unequal length: another program had the core. One moment at which both calls are in C
    decides. "Too busy to let two calls meet": press r.

Read more:
    - Thread states and the GIL: https://docs.python.org/3/c-api/threads.html
    - What the switch interval is: https://docs.python.org/3/library/sys.html#sys.setswitchinterval
"""

from collections.abc import Sequence

from gil_demo import arrays, notation
from gil_demo.host import machine
from gil_demo.limits import DEFAULT_SIZE
from gil_demo.measuring.picture import record_meeting, record_panel
from gil_demo.measuring.plan import Plan
from gil_demo.measuring.switching import USUAL_SECONDS, usual_interval
from gil_demo.progress import Progress, part
from gil_demo.results.lesson import Lanes, Seen, Trials
from gil_demo.results.patterns import PatternRow
from gil_demo.results.run import Panel
from gil_demo.tour.trials import not_as_declared, row_of, told_by, try_once
from gil_demo.words import HALVES

MINUTES = 3

RIGHT = 1
"""The index of the right answer."""

RIGHT_WITHOUT_GIL = 0

RELIES_ON_GIL = "gil-as-lock"
"""The pattern whose unsafe half, where there is no GIL, keeps what it never releases."""

THREADS = 2


def run(progress: Progress) -> Seen:
    """Race two held calls, and check whether they were ever inside together."""
    if not machine.gil_enabled():
        return _run_without_gil(progress)
    progress(0, 1)
    plan = _plan()
    with usual_interval():
        panel = record_panel(plan, "held")
    progress(1, 1)
    return judge(panel, could_meet=could_meet(plan))


def _run_without_gil(progress: Progress) -> Seen:
    """Race two calls that stay attached, and try C that relied on a GIL as its lock."""
    halves = [(RELIES_ON_GIL, half) for half in HALVES]
    steps = 1 + len(halves)
    progress(0, steps)
    with usual_interval():
        panel = record_meeting(_plan(), "held")
    return judge_without_gil(panel, try_once(halves, part(progress, 1, steps)))


def _plan() -> Plan:
    return Plan.calibrated(
        arrays.make(DEFAULT_SIZE, 0), "sum", (THREADS,), 1, 0, frozenset({"picture"})
    )


def could_meet(plan: Plan) -> bool:
    """Check that two calls do meet where no lock keeps them apart.

    Only then it says something that held ones do not.
    """
    return record_meeting(plan, "released").peak_inside == THREADS


def judge(panel: Panel, *, could_meet: bool) -> Seen:
    """Compare the spans of two held calls with the answers."""
    figures = (Lanes((panel,), gil_enabled=True),)
    peak = panel.peak_inside
    if peak > 1:
        reason = "two calls that hold the GIL overlapped, which must not happen"
        return Seen.contradicted(reason, figures, (f"{peak} calls were inside at once.",))
    shortest = min(span.exit_ns - span.enter_ns for span in panel.spans) / 1e9
    if not could_meet or shortest <= USUAL_SECONDS:
        reason = "the machine was too busy to let two calls meet, with or without the GIL"
        return Seen.open(reason, figures)
    return Seen.shown(
        RIGHT,
        (
            "No: at no moment were two calls inside.",
            "Yes: the second entered after the first had left.",
            f"No: each call ran through, {notation.milliseconds(shortest)} and more,"
            f" though Python asks for the GIL after {notation.milliseconds(USUAL_SECONDS)}.",
        ),
        figures,
    )


def judge_without_gil(panel: Panel, relying: Sequence[PatternRow]) -> Seen:
    """Compare the spans of two calls that stay attached, and of C that relied on a GIL."""
    figures = (Lanes((panel,), gil_enabled=False), Trials(tuple(relying)))
    if panel.peak_inside < THREADS:
        return Seen.open("the machine was too busy to let two calls meet", figures)
    unsafe = row_of(relying, RELIES_ON_GIL, "unsafe")
    remarks = (
        f"Yes: {panel.peak_inside} were inside at one moment. C that relied on a GIL lost numbers"
        f" ({told_by(unsafe)}).",
        "No: nothing kept the second out.",
        "No: neither had to leave C for the other.",
    )
    return not_as_declared(relying, figures) or Seen.shown(RIGHT_WITHOUT_GIL, remarks, figures)
