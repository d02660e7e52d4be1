"""Two locks: the deadlock.

Idea:
    The GIL is a lock, and END acquires it. So C with a mutex, a lock of its own, takes two
    locks, and locks have an order. Thread A releases the GIL, locks the mutex, and still
    holds it at END. Thread B keeps the GIL and locks the same mutex. Here each waits until
    the other has its first lock. In a real program it happens when B calls while A has the
    mutex.

Question:
    A has the mutex and asks for the GIL. B has the GIL and asks for the mutex. What happens?

Answers:
    - After a switch interval B hands over the GIL, and both go on.
    - Both wait forever.
    - Python notices, and raises an exception in one of them.

Why:
    A cannot get past END without the GIL, so it does not come to the line that unlocks the
    mutex. B cannot get past the mutex, and holds the GIL while it waits: it is in C, which
    answers no request. Neither gives up its first lock, so neither gets its second. The GIL
    alone is enough, if C waits with it for a thread that needs it: gil-demo show wait-with-gil.

Remember:
    Release the GIL before you wait for a lock, and unlock the lock before END.

Misconception:
    Without a GIL it cannot happen. It can, only less often. For instance, END then waits while a
    garbage collection has stopped all threads, and the collection waits for B, which waits in C.

Ask:
    It is enough to change one of the two threads. How, for A? How, for B?

Reply:
    A: unlock the mutex before END. Then A holds nothing while it waits for the GIL. B: BEGIN
    before it locks the mutex. Then B holds nothing while it waits for the mutex. Either
    breaks the circle; do both.

Otherwise:
    "Unfinished": the two had no time to meet: press r. Where there is no GIL, a collection takes
    its place, and the page asks about that.

Idea without a GIL:
    Without a GIL, END still waits, for instance while a garbage collection has stopped all
    threads: nobody attaches then. So C with a mutex, a lock of its own, again waits for two
    things. Thread A is in the block, has locked the mutex, and still holds it at END. Thread B
    stays attached and locks the same mutex. A third thread collects garbage.

Question without a GIL:
    A has the mutex and comes to END. B is attached and asks for the mutex. A third thread collects
    garbage. What happens?

Answers without a GIL:
    - The collection does not wait for B, which is in C, and all go on.
    - All three wait forever.
    - Python notices, and raises an exception in one of them.

Why without a GIL:
    The collection waits until each thread has detached or has stopped. B waits in
    pthread_mutex_lock and does neither. A cannot get past END before the collection is over, so it
    does not come to the line that unlocks the mutex. So each waits for another.

Remember without a GIL:
    Detach before you wait for a lock, and unlock the lock before END.

Misconception without a GIL:
    Without a GIL there is nothing to deadlock with. There is, only less often: here, a collection.
    Two threads can be enough. BEGIN unlocks the object of a critical section
    (Py_BEGIN_CRITICAL_SECTION), END locks it again. If B has locked that object meanwhile, and
    waits in C for A's mutex, each waits for the other.

Ask without a GIL:
    It is enough to change one of the two threads. How, for A? How, for B?

Reply without a GIL:
    A: unlock the mutex before END. B: BEGIN before it locks the mutex, so that the collection need
    not wait for it; or a PyMutex in place of the mutex, which detaches by itself while it waits.

Otherwise without a GIL:
    "Unfinished": the three threads had no time to meet each other: press r.

Read more:
    - Both orders: https://github.com/pybind/pybind11/blob/master/docs/advanced/deadlock.md#python-cpython-gil
    - What END waits for: https://docs.python.org/3/c-api/threads.html#detaching-the-thread-state-from-extension-code
"""

from collections.abc import Sequence

from gil_demo import notation
from gil_demo.csource.functions import function
from gil_demo.gallery import registry
from gil_demo.host import machine
from gil_demo.measuring.switching import USUAL_SECONDS
from gil_demo.progress import Progress
from gil_demo.results.lesson import Code, Line, Seen, Trials
from gil_demo.results.patterns import PatternRow
from gil_demo.sandbox.waiting import WINDOW_SECONDS
from gil_demo.tour.trials import not_as_declared, outcome_of, row_of, try_once

MINUTES = 3

RIGHT = 1
"""The index of the right answer, also where there is no GIL."""

NAME = "lock-order"

Place = tuple[str, str, str]
"""A function of the pattern, words of a line in it, and who stands there when all wait."""

PLACES: tuple[Place, ...] = (
    ("lock_order_unsafe_inside", "pthread_mutex_lock", "A has the mutex"),
    ("lock_order_unsafe_inside", "Py_END_ALLOW_THREADS", "A waits for the GIL"),
    ("lock_order_unsafe_outside", "pthread_mutex_lock", "B has the GIL, waits for the mutex"),
)

PLACES_WITHOUT_GIL: tuple[Place, ...] = (
    ("lock_order_no_gil", "pthread_mutex_lock", "A has the mutex"),
    ("lock_order_no_gil", "Py_BLOCK_THREADS", "A waits for the collection"),
    ("lock_order_unsafe_outside", "pthread_mutex_lock", "B is attached, waits for the mutex"),
)


NOTHING_RAISED = "No: Python does not look for deadlocks, and nothing was raised."


def run(progress: Progress) -> Seen:
    """Let two threads take two locks, in opposite orders and then in none."""
    rows = try_once([(NAME, "unsafe"), (NAME, "safe")], progress)
    return judge(rows, gil_enabled=machine.gil_enabled())


def judge(rows: Sequence[PatternRow], *, gil_enabled: bool) -> Seen:
    """Compare the endings of both halves with the answers."""
    unsafe = row_of(rows, NAME, "unsafe")
    ended = outcome_of(unsafe)
    places = PLACES if gil_enabled else PLACES_WITHOUT_GIL
    figures = (_code(places, waiting=ended == "deadlock"), Trials(tuple(rows)))
    remarks = _remarks() if gil_enabled else _remarks_without_gil()
    unexpected = not_as_declared(rows, figures, remarks if ended == "deadlock" else ())
    return unexpected or Seen.shown(RIGHT, remarks, figures)


def _remarks() -> tuple[str, ...]:
    return (
        f"No: the interval is {notation.milliseconds(USUAL_SECONDS)}; watched for"
        f" {notation.milliseconds(WINDOW_SECONDS)}, B never ran, and A woke only to ask again.",
        "Yes: both were still waiting for their locks. The process had to be killed.",
        NOTHING_RAISED,
    )


def _remarks_without_gil() -> tuple[str, ...]:
    return (
        "No: the collection waited for B, watched for"
        f" {notation.milliseconds(WINDOW_SECONDS)}, and neither A nor B went on.",
        "Yes: all three slept. The process had to be killed.",
        NOTHING_RAISED,
    )


def _code(places: Sequence[Place], *, waiting: bool) -> Code:
    """Show the lines where each thread takes its locks, and which thread waits at which line."""
    source = registry.find(NAME).source
    found = []
    for name, call, remark in places:
        lines = function(source, name).body_lines()
        number = next(number for number, line in lines.items() if call in line)
        found.append(Line(number, lines[number], remark if waiting else ""))
    return Code(f"csrc/patterns/lock_order.c: gil-demo show {NAME}", tuple(found))
