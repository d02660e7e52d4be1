"""Who else gets to run?

Idea:
    A program has more to do than one C call: answer a request, redraw a window, serve Ctrl-C.
    The ticker stands for all of it, since each tick needs the GIL. The longest time between
    two ticks is the stall; a user of the program feels it. A thread that waits for the GIL
    asks for it after the switch interval, a few milliseconds.

Question:
    The ticker runs in one thread. Another thread makes one call into C that keeps the GIL.
    For how long does the ticker stand still?

Answers:
    - For one switch interval: then Python takes the GIL from C.
    - For the whole call, and not one tick falls inside it.
    - Not at all, where there is a second core.

Why:
    A tick is Python, and needs the GIL. C that holds the GIL answers no request for it, so
    the ticker waits until the call returns. A second core does not help: the ticker waits for
    a lock, not for a core. Beside a released call it ticks on.

Remember:
    Release the GIL first of all so that others can run, and only then for speed.

Misconception:
    With one thread in C there is nothing to gain from releasing the GIL. The whole rest of
    the program gains.

Ask:
    Who is the ticker in a web server? In a notebook? Who serves Ctrl-C?

Reply:
    In a web server: all other requests, and the health check; if that fails, the server is
    restarted. In a notebook: the thread that sends output to the browser. Ctrl-C: C only
    notes the signal; the main thread serves it when it runs Python again.

Otherwise:
    Times differ, and a busy machine makes all stalls longer. Ticks inside decide: none in a
    held call, many in a released one. "Too busy": press r. An interpreter that runs without its
    GIL asks another question.

Idea without a GIL:
    A program has more to do than one C call. The ticker stands for all of it. The longest time
    between two ticks is the stall; a user of the program feels it. Without a GIL, C keeps
    nothing from the ticker. But a garbage collection needs all threads to stand still, and so
    does a fork. It waits until each thread has detached, or has stopped in Python code.

Question without a GIL:
    A thread makes one long call into C that stays attached. Soon after that begins, another
    thread collects garbage. For how long does the ticker, in a third thread, stand still?

Answers without a GIL:
    - As long as a collection takes: a few milliseconds.
    - From the collection's beginning until the call is over.
    - Not at all: there is no GIL to wait for.

Why without a GIL:
    The collection waits for the call, which neither detaches nor comes back to Python code
    before its end. Everybody else has stopped already, and waits for the collection. A call that
    releases is detached: nobody waits for it, and the collection ends while it computes.

Remember without a GIL:
    BEGIN and END no longer let others run, but they let others stop. Keep them.

Misconception without a GIL:
    Without a GIL, BEGIN and END are for nothing. They no longer decide who computes. They decide
    for whom a collection has to wait.

Ask without a GIL:
    Who collects garbage in a program that never calls gc.collect()?

Reply without a GIL:
    Python itself, in whichever thread has just made an object, after enough others. So it
    happens at any time, and any thread may cause it.

Otherwise without a GIL:
    Times differ, and a busy machine makes all stalls longer. Only the order decides: no collection
    that begins in a held call ends before that call does, and in a released call at least one
    does. "Too busy": press r.

Read more:
    - How long a thread waits before it asks: https://docs.python.org/3/library/sys.html#sys.setswitchinterval
    - Signals wait for the main thread to run Python: https://docs.python.org/3/library/signal.html#execution-of-python-signal-handlers
"""

from gil_demo import arrays, notation
from gil_demo.limits import DEFAULT_SIZE
from gil_demo.measuring.measure import measure
from gil_demo.measuring.plan import Plan
from gil_demo.measuring.switching import USUAL_SECONDS, usual_interval
from gil_demo.progress import Progress
from gil_demo.results.lesson import Responsiveness, Seen
from gil_demo.results.run import Measured, ResponsivenessRow
from gil_demo.words import Company

MINUTES = 3

RIGHT = 1
"""The index of the right answer, also where there is no GIL."""

ROUNDS = 3


def run(progress: Progress) -> Seen:
    """Watch the ticker alone, beside a held call, and beside a released one."""
    plan = Plan.calibrated(
        arrays.make(DEFAULT_SIZE, 0), "sum", (1,), ROUNDS, 0, frozenset({"responsiveness"})
    )
    with usual_interval():
        return judge(measure(plan, progress))


def judge(result: Measured) -> Seen:
    """Say what a run's figures say about the answers."""
    if not result.environment.gil_enabled:
        return judge_without_gil(result)
    held, released = (_row(result, company) for company in ("held", "released"))
    figures = (Responsiveness(result.responsiveness, ROUNDS),)
    if held.ticks_inside:
        return Seen.contradicted(
            "a Python thread ran during a call that holds the GIL, which must not happen",
            figures,
            ("", f"{held.ticks_inside} ticks fell inside a held call."),
        )
    if not released.ticks_inside:
        return Seen.open(
            "the machine was too busy to run the ticker",
            figures,
            ("", "The ticker did not get to run beside the released call either."),
        )
    return Seen.shown(
        RIGHT,
        (
            f"No: it stood still for {notation.milliseconds(held.longest_stall_seconds)};"
            f" the switch interval is {notation.milliseconds(USUAL_SECONDS)}.",
            f"Yes: no tick fell inside a held call, and {released.ticks_inside:,} or more fell"
            " inside each released one.",
            _second_core(result.environment.cores),
        ),
        figures,
    )


def judge_without_gil(result: Measured) -> Seen:
    """Say which calls a collection waited for: those that stay attached, and no released one."""
    figures = (Responsiveness(result.responsiveness, ROUNDS),)
    held, stopped, freed = (
        _row(result, company) for company in ("held", "held-collected", "released-collected")
    )
    if stopped.collections_ended:
        return Seen.contradicted(
            "a collection ended during a call that stays attached, which must not happen", figures
        )
    if not (held.ticks_inside and stopped.collections_begun and freed.collections_ended):
        return Seen.open(
            "the machine was too busy to run the ticker or the collection during a call", figures
        )
    begun, ended = freed.collections_begun, freed.collections_ended
    return Seen.shown(
        RIGHT,
        (
            f"Only beside a released call: there {ended} of {begun} collections ended inside. The"
            f" longest stall was {_stall(freed)}.",
            f"Yes: none of {stopped.collections_begun} collections ended inside. The longest stall"
            f" was {_stall(stopped)}.",
            f"Only while nobody collects: then {held.ticks_inside:,} ticks or more fell inside a"
            " held call.",
        ),
        figures,
    )


def _stall(row: ResponsivenessRow) -> str:
    """Tell the stall and the length of the call, both medians over the rounds."""
    stall, call = map(notation.milliseconds, (row.longest_stall_seconds, row.call_seconds))
    return f"{stall}, in a call of {call} (medians)"


def _second_core(cores: int) -> str:
    if cores == 1:
        return "Not seen here, where there is only one core."
    return f"No: there are {cores} cores to run on, and it had no GIL to run with."


def _row(result: Measured, company: Company) -> ResponsivenessRow:
    (row,) = (row for row in result.responsiveness if row.gil == company)
    return row
