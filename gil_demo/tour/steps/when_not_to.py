"""When not to bother.

Idea:
    BEGIN and END cost time in each call. A tiny job is over before another thread could have
    used the GIL. Use them where the work is so long that their price is a small part of
    it. The gain from a second thread depends on what the first one waits for. ``sum`` adds
    to one variable and waits for its own additions. ``sum_wide`` adds to eight, and on a
    large array may wait for memory, which cores share.

Question:
    C adds up an array of one element, with BEGIN and END around the loop and without. No
    other thread wants the GIL. How long does a call take with them?

Answers:
    - Less time: that is what they are for.
    - The same time: there is nobody to wait for.
    - More time.

Why:
    BEGIN detaches the thread state and releases the GIL, END takes both back. That is some
    work in every call, also where nobody waits, and adding one element is far less. It shows
    in nearly every comparison, because the two calls are the same C otherwise.

Remember:
    Tiny work: do not bother. Long work: release the GIL, and see what it waits for.

Misconception:
    More threads make memory faster. They make the additions faster. Once every core waits for
    the same memory, one more adds a waiting thread. (On a server with several memories, cores
    elsewhere do add to it.) Where the library has threads of its own, more of yours can make
    it slower: gil-demo show oversubscribed.

Ask:
    NumPy's ufuncs keep the GIL for short loops. What would be a fair limit, and how would you
    find it?

Reply:
    Time the call with and without, on one element: the difference is the price. Time a long
    array: that gives the time for one element. The limit is where the price is a few percent
    of the work. At 30 ns a call and 0.5 ns an element that is a thousand elements or so;
    NumPy's ufuncs take 500.

Otherwise:
    "May be chance": other programs had the cores; press r. The lower table is only for the
    discussion: its GB/s count processor time, which others do not change; its gains say
    little beside others, and no answer depends on them.

Idea without a GIL:
    BEGIN and END cost time in each call: they detach the thread and attach it again. Use them where
    the work is so long that their price is a small part of it. The gain from a second thread
    depends on what the first one waits for. ``sum`` adds to one variable and waits for its own
    additions. ``sum_wide`` adds to eight, and on a large array may wait for memory, which cores
    share.

Question without a GIL:
    C adds up an array of one element, with BEGIN and END around the loop and without. No
    other thread runs. How long does a call take with them?

Why without a GIL:
    BEGIN detaches the thread state, END attaches it again. That is some work in every call, also
    where nobody waits, and adding one element is far less. It shows in nearly every comparison,
    because the two calls are the same C otherwise.

Remember without a GIL:
    Tiny work: do not bother. Long work: detach, and see what it waits for.

Ask without a GIL:
    NumPy's ufuncs stay attached for short loops. What would be a fair limit, and how would you
    find it?

Reply without a GIL:
    Time the call with and without, on one element: the difference is the price. Time a long
    array: that gives the time for one element. The limit is where the price is a few percent of
    the work. If the price is 15 ns, and an element takes 0.5 ns, the price is 5 percent at 600
    elements; NumPy's ufuncs take 500.

Read more:
    - NumPy's limit: https://numpy.org/doc/stable/reference/c-api/array.html#c.NPY_BEGIN_THREADS_THRESHOLDED
    - What BEGIN and END do: https://docs.python.org/3/c-api/threads.html#detaching-the-thread-state-from-extension-code
"""

from collections.abc import Sequence
from statistics import median

from gil_demo import notation
from gil_demo.host import machine
from gil_demo.measuring.paired import Tally, differences
from gil_demo.progress import Progress, part
from gil_demo.results.lesson import Cell, Seen, Table
from gil_demo.results.numbers import Spread
from gil_demo.tour.experiments import memory_wall, price
from gil_demo.tour.experiments.memory_wall import Wall
from gil_demo.tour.experiments.price import Duel

MINUTES = 3

RIGHT = 2
"""The index of the right answer."""

CHANCE = 0.001
"""If BEGIN and END cost nothing, either call would win a comparison as often as the other. A
count as uneven as chance brings in fewer runs than this is not taken for chance."""


def run(progress: Progress) -> Seen:
    """Compare calls on one element, then see what three jobs wait for, and gain by a thread."""
    steps = 1 + 2 * len(memory_wall.JOBS) * memory_wall.ROUNDS
    progress(0, steps)
    duels = price.duels()
    wall = memory_wall.wall(part(progress, 1, steps))
    progress(steps, steps)
    return judge(duels, wall, gil_enabled=machine.gil_enabled())


def judge(duels: Sequence[Duel], wall: Wall | None, *, gil_enabled: bool) -> Seen:
    """Compare the figures with the answers: the count decides, never the size of a gap."""
    tally = Tally.of((duel["released"], duel["held"]) for duel in duels)
    counted = f"with them it took longer in {tally.above} of {len(duels)} comparisons"
    figures = (_price(duels, tally), _wall(wall))
    if tally.chance >= CHANCE:
        return Seen.open(f"{counted}, which may be chance", figures)
    if tally.above < tally.below:
        return Seen.open(f"{counted}, and they cannot make it shorter: something else did", figures)
    more = Spread.of(differences(duels, "released", "held"))
    meaning = "" if gil_enabled else " Without a GIL they still detach and attach."
    return Seen.shown(
        RIGHT,
        (
            f"No: {counted}.",
            f"No: {counted}.",
            f"Yes: {more.median:.0f} ns more ({notation.ends(more, 0)}).{meaning}",
        ),
        figures,
    )


def _price(duels: Sequence[Duel], tally: Tally) -> Table:
    spreads = [Spread.of(duel[mode] for duel in duels) for mode in price.MODES]
    spreads.append(Spread.of(differences(duels, "released", "held")))
    cells = (Cell.of(spread, "ns") for spread in spreads)
    longer = f"{tally.above} of {len(duels)}"
    header = ("one element", "held", "released", "difference", "longer")
    return Table(header, (("a call", *cells, longer),))


def _wall(wall: Wall | None) -> Table:
    rows: list[tuple[str | Cell | None, ...]] = []
    for job, name in memory_wall.JOBS.items() if wall else ():
        assert wall is not None
        rate = median(one[job] for one in wall.rates)
        gains = [Spread.of(one[job][mode] for one in wall.gains) for mode in memory_wall.MODES]
        rows.append((name, Cell(rate, "GB/s", 1), *(Cell.of(gain, "x", 2) for gain in gains)))
    return Table(
        ("adding up", "1 thread", "2 threads", "2 native threads"),
        tuple(rows),
        _caption(wall),
    )


def _caption(wall: Wall | None) -> str:
    """Say what one thread waited for: only if enough rounds say so."""
    if wall is None:
        return "Left out: the array takes 128 MB, and too little memory is free."
    waited, made = wall.rounds_that_wait, len(wall.rates)
    if waited is None:
        return "Not the same in enough rounds, so this does not show what a thread waits for."
    return (
        f"In {waited} of {made} rounds one thread of sum_wide read 128 MB more slowly than 16 KB,"
        " and faster than sum did: it waited for memory, and sum for its additions."
    )
