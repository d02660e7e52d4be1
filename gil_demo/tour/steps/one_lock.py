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
    at once could lose one (step 6 shows how), and an object would be freed too early or
    never.

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
    order decides. "No lock to hold": this interpreter runs without its GIL; take one with a
    GIL.

Read more:
    - Thread states and the GIL: https://docs.python.org/3/c-api/threads.html
    - What the switch interval is: https://docs.python.org/3/library/sys.html#sys.setswitchinterval
"""

from gil_demo import arrays, notation
from gil_demo.host import machine
from gil_demo.limits import DEFAULT_SIZE
from gil_demo.measuring.picture import record_panel
from gil_demo.measuring.plan import Plan
from gil_demo.measuring.race import run_race
from gil_demo.measuring.spans import peak_inside
from gil_demo.measuring.switching import USUAL_SECONDS, usual_interval
from gil_demo.progress import Progress
from gil_demo.results.lesson import Lanes, Seen
from gil_demo.results.run import Panel

MINUTES = 3

RIGHT = 1
"""The index of the right answer."""

THREADS = 2
RACES = 3
"""At most, until two released calls meet: that two held ones do not then says something."""


def run(progress: Progress) -> Seen:
    """Race two held calls, and check whether they were ever inside together."""
    progress(0, 1)
    plan = Plan.calibrated(
        arrays.make(DEFAULT_SIZE, 0), "sum", (THREADS,), 1, 0, frozenset({"picture"})
    )
    with usual_interval():
        panel = record_panel(plan, "held")
    progress(1, 1)
    return judge(panel, could_meet=could_meet(plan), gil_enabled=machine.gil_enabled())


def could_meet(plan: Plan) -> bool:
    """Check that two calls do meet where no lock keeps them apart; a few times, if need be."""
    races = (
        run_race("released", plan.kernel, plan.work(THREADS), plan.passes) for _ in range(RACES)
    )
    return any(peak_inside(race.spans) == THREADS for race in races)


def judge(panel: Panel, *, could_meet: bool, gil_enabled: bool) -> Seen:
    """Compare the spans of two held calls with the answers."""
    figures = (Lanes((panel,), gil_enabled),)
    peak = panel.peak_inside
    if not gil_enabled:
        reason = "this interpreter runs without a GIL, so there is no lock to hold"
        return Seen.open(reason, figures, (f"Inside at once: {peak}.",))
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
