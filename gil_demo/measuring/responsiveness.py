"""Who else gets to run? The ticker alone, beside a held call, beside a released one.

Without a GIL both let it run, and a third thread makes the difference: a garbage collection stops
all threads that are attached, and waits for each of them, so also for the end of a held call.
"""

import gc
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from statistics import median

from gil_demo.measuring.lookout import Lookout
from gil_demo.measuring.plan import CALL_SECONDS, Plan
from gil_demo.measuring.race import run_alone
from gil_demo.measuring.scaling import fits_least
from gil_demo.measuring.ticker import Ticker, longest_stall_seconds, ticks_inside
from gil_demo.native import kernels
from gil_demo.results.run import ResponsivenessRow, Span
from gil_demo.words import Company, Mode

COMPANIES: tuple[Company, ...] = ("alone", "held", "released")

COLLECTED: Mapping[Company, Mode] = {"held-collected": "held", "released-collected": "released"}
"""The companies in which a third thread collects, by the kind of call. Only without a GIL."""

COLLECTED_TIMES = 8
"""How many times as long the call is beside a collection: longer than most collections last."""

INSIDE_POLL_SECONDS = 0.001
"""How often the thread that collects looks whether the call has begun."""


@dataclass(frozen=True, slots=True)
class Observation:
    """The ticker during one call, or during an equal time alone.

    The last two say whether a collection by another thread began inside the call, and whether it
    also ended there.
    """

    ticks_inside: int
    longest_stall_seconds: float
    call_seconds: float
    held_share: float | None = None
    collection_began: bool = False
    collection_ended: bool = False

    @property
    def ticks_per_second(self) -> float:
        """Divide the number of ticks during the call by its length."""
        return self.ticks_inside / self.call_seconds


Observations = dict[Company, Observation]


def companies(*, gil_enabled: bool) -> tuple[Company, ...]:
    """List what the ticker is watched beside."""
    return COMPANIES if gil_enabled else (*COMPANIES, *COLLECTED)


@contextmanager
def _a_collection_during(call: kernels.Call) -> Iterator[list[int]]:
    """Collect garbage in another thread, once the call that the block makes is inside.

    That thread reads the time of entry while C runs. If it were seen late, the collection
    would begin late, and nothing else would be wrong. The list that is given to the block has
    two moments in the end: one before the collection, and one after it.
    """
    over = threading.Event()
    moments: list[int] = []

    def collect() -> None:
        while not call.enter_ns:
            if over.wait(INSIDE_POLL_SECONDS):
                return
        moments.append(time.monotonic_ns())
        gc.collect()
        moments.append(time.monotonic_ns())

    thread = threading.Thread(target=collect, name="collector", daemon=True)
    thread.start()
    try:
        yield moments
    finally:
        over.set()
        thread.join()


def observe(plan: Plan, company: Company) -> Observation:
    """Watch the ticker through one call of the plan, or through an equal time alone."""
    mode = _mode(company)
    with Lookout() as lookout, Ticker() as ticker:
        row, moments = None, list[int]()
        if company == "alone":
            enter_ns = time.monotonic_ns()
            time.sleep(CALL_SECONDS)
            exit_ns = time.monotonic_ns()
        else:
            # From this thread: starting another would wait for the GIL several times over.
            passes = plan.passes * (COLLECTED_TIMES if company in COLLECTED else 1)
            call = kernels.Call(mode, plan.kernel, plan.work(1)[0], passes)
            row = lookout.sign_in()
            collected = company in COLLECTED
            with _a_collection_during(call) if collected else nullcontext(moments) as moments:
                run_alone(call)
            enter_ns, exit_ns = call.enter_ns, call.exit_ns
    span = Span(mode, 1, enter_ns, exit_ns)
    return Observation(
        ticks_inside(ticker.ticks, enter_ns, exit_ns),
        longest_stall_seconds(ticker.ticks, enter_ns, exit_ns),
        (exit_ns - enter_ns) / 1e9,
        None if company == "alone" else lookout.held_share(row, span),
        *_inside(moments, span),
    )


def _inside(moments: Sequence[int], span: Span) -> tuple[bool, bool]:
    """Check of a collection's begin and end which of them lie in a span; neither without one."""
    if not moments:
        return False, False
    began, ended = moments
    began_inside = span.enter_ns < began < span.exit_ns
    return began_inside, began_inside and ended < span.exit_ns


def _mode(company: Company) -> Mode:
    """Return the kind of call that a company has."""
    match company:
        case "alone":
            return "native"
        case "held" | "released":
            return company
        case _:
            return COLLECTED[company]


def responsiveness_row(
    rounds: Sequence[Observations], company: Company, *, none_expected: bool
) -> ResponsivenessRow:
    """Combine the rounds into the row of the ticker beside one kind of call, or alone."""
    seen = [round_[company] for round_ in rounds]
    worst = max if none_expected else min
    return ResponsivenessRow(
        gil=company,
        ticks_per_second=median(one.ticks_per_second for one in seen),
        share_of_alone=_share_of_alone(rounds, company),
        longest_stall_seconds=median(one.longest_stall_seconds for one in seen),
        call_seconds=median(one.call_seconds for one in seen),
        ticks_inside=None if company == "alone" else worst(one.ticks_inside for one in seen),
        held_share=None
        if company == "alone"
        else fits_least(_mode(company), [one.held_share for one in seen]),
        collections_begun=sum(one.collection_began for one in seen),
        collections_ended=sum(one.collection_ended for one in seen),
    )


def _share_of_alone(rounds: Sequence[Observations], company: Company) -> float:
    """Take the median over the rounds in which others let the ticker tick alone; 0 if none did."""
    ticking = [round_ for round_ in rounds if round_["alone"].ticks_inside]
    return median(
        [one[company].ticks_per_second / one["alone"].ticks_per_second for one in ticking] or [0.0]
    )


def responsiveness_rows(
    rounds: Sequence[Observations], *, gil_enabled: bool
) -> tuple[ResponsivenessRow, ...]:
    """Make the table: the ticker alone, beside each kind of call, and with a collection."""
    return tuple(
        responsiveness_row(rounds, company, none_expected=gil_enabled and company == "held")
        for company in (*COMPANIES, *COLLECTED)
        if company in rounds[0]
    )
