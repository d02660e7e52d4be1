"""Who else gets to run? The ticker alone, beside a held call, beside a released one."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from gil_demo.measuring.lookout import Lookout
from gil_demo.measuring.plan import CALL_SECONDS, Plan
from gil_demo.measuring.race import run_alone
from gil_demo.measuring.scaling import fits_least
from gil_demo.measuring.ticker import Ticker, longest_stall_seconds, ticks_inside
from gil_demo.native import kernels
from gil_demo.results.run import ResponsivenessRow, Span
from gil_demo.words import Company

COMPANIES: tuple[Company, ...] = ("alone", "held", "released")


@dataclass(frozen=True, slots=True)
class Observation:
    """The ticker during one call, or during an equal time alone."""

    ticks_inside: int
    longest_stall_seconds: float
    call_seconds: float
    held_share: float | None = None

    @property
    def ticks_per_second(self) -> float:
        """Divide the number of ticks during the call by its length."""
        return self.ticks_inside / self.call_seconds


Observations = dict[Company, Observation]


def observe(plan: Plan, company: Company) -> Observation:
    """Watch the ticker through one call of the plan, or through an equal time alone."""
    with Lookout() as lookout, Ticker() as ticker:
        row = None
        if company == "alone":
            enter_ns = time.monotonic_ns()
            time.sleep(CALL_SECONDS)
            exit_ns = time.monotonic_ns()
        else:
            # From this thread: starting another would wait for the GIL several times over.
            call = kernels.Call(company, plan.kernel, plan.work(1)[0], plan.passes)
            row = lookout.sign_in()
            run_alone(call)
            enter_ns, exit_ns = call.enter_ns, call.exit_ns
    span = Span("native" if company == "alone" else company, 1, enter_ns, exit_ns)
    return Observation(
        ticks_inside(ticker.ticks, enter_ns, exit_ns),
        longest_stall_seconds(ticker.ticks, enter_ns, exit_ns),
        (exit_ns - enter_ns) / 1e9,
        None if company == "alone" else lookout.held_share(row, span),
    )


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
        else fits_least(company, [one.held_share for one in seen]),
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
    """Make the table: the ticker alone, beside a held call, beside a released call."""
    return tuple(
        responsiveness_row(rounds, company, none_expected=gil_enabled and company == "held")
        for company in COMPANIES
    )
