"""What a run shows, contradicts, or leaves open.

Only facts that noise cannot change can contradict the claim: with the GIL held,
two calls inside at once, a tick inside a call, or a different result. A busy
machine can keep released calls from meeting, which leaves the claim open. No
speed-up is judged; it is told beside the facts.
"""

from collections.abc import Iterator, Sequence

from gil_demo.results import (
    Company,
    Environment,
    Mode,
    ResponsivenessRow,
    ScalingRow,
    Verdict,
)

Ticker = dict[Company, ResponsivenessRow]

WORTH_A_WORD = 0.1
"""The share of the cores taken by others from which a verdict mentions it."""


def judge(
    environment: Environment,
    scaling: Sequence[ScalingRow],
    responsiveness: Sequence[ResponsivenessRow],
    *,
    results_agree: bool,
) -> Verdict:
    """The verdict on the rows that were measured; either table may be empty."""
    several = [row for row in scaling if row.threads > 1]
    ticker = {row.gil: row for row in responsiveness}
    contradictions = [*_contradictions(environment, several, ticker, results_agree)]
    if contradictions:
        return Verdict("contradicted", tuple(contradictions))
    gaps = [*_gaps(environment, several, ticker)]
    if gaps:
        return Verdict("inconclusive", tuple(gaps))
    return Verdict("shown", _shown(environment, several, ticker))


def _contradictions(
    environment: Environment, scaling: Sequence[ScalingRow], ticker: Ticker, results_agree: bool
) -> Iterator[str]:
    if not results_agree:
        yield "The same call on the same memory did not return the same value every time."
    if not environment.gil_enabled:
        return
    for row in scaling:
        if row.gil == "held" and row.peak_inside.max > 1:
            yield f"With the GIL held, {row.peak_inside.max} calls were inside the kernel at once."
    if "held" in ticker and ticker["held"].ticks_inside:
        yield f"The ticker ticked {ticker['held'].ticks_inside:,} times inside a held call."


def _gaps(environment: Environment, scaling: Sequence[ScalingRow], ticker: Ticker) -> Iterator[str]:
    """Why the run does not show the claim, one sentence a reason."""
    if not scaling and not ticker:
        yield (
            "Nothing was measured that bears on it: measure scaling on two threads or more,"
            " or responsiveness."
        )
    free: tuple[Company, ...] = ("released",) if environment.gil_enabled else ("held", "released")
    for row in scaling:
        if row.gil in free and row.peak_inside.min < row.threads:
            yield (
                f"In some round only {row.peak_inside.min} of {row.threads} {row.gil} calls"
                f" were inside at once{_blame(environment)}."
            )
    for gil in free:
        if gil in ticker and not ticker[gil].ticks_inside:
            yield f"In some round the ticker got no time beside a {gil} call{_blame(environment)}."


def _blame(environment: Environment) -> str:
    busy = environment.machine_busy
    if busy is None or busy < WORTH_A_WORD:
        return ""
    return f", while others took {busy:.0%} of the cores"


def _shown(
    environment: Environment, scaling: Sequence[ScalingRow], ticker: Ticker
) -> tuple[str, ...]:
    most = {row.gil: row for row in scaling if row.threads == scaling[-1].threads}
    if not environment.gil_enabled:
        return _shown_without_gil(most, ticker)
    held, released = [], []
    if most:
        threads = most["held"].threads
        held.append(f"never more than 1 of {threads} calls was inside the kernel")
        released.append(f"{_all(threads)} calls were inside at once in every round")
    if ticker:
        length = f"{ticker['held'].call_seconds * 1e3:.1f} ms"
        held.append(f"the ticker did not tick once during a call of {length}")
        released.append(
            f"the ticker ticked at least {ticker['released'].ticks_inside:,} times during one call"
        )
    if most:
        released.append(
            f"{threads} threads got {most['released'].speedup.median:.2f}x as much done as one"
            f" (native threads {most['native'].speedup.median:.2f}x,"
            f" held {most['held'].speedup.median:.2f}x)"
        )
    return (
        f"With the GIL held, {_list(held)}.",
        f"Released, {_list(released)}.",
    )


def _shown_without_gil(most: dict[Mode, ScalingRow], ticker: Ticker) -> tuple[str, ...]:
    facts = []
    if most:
        facts.append(
            f"{_all(most['held'].threads)} calls were inside at once in every round, with speed-ups"
            f" of {most['held'].speedup.median:.2f}x and {most['released'].speedup.median:.2f}x"
            f" (native threads {most['native'].speedup.median:.2f}x)"
        )
    if ticker:
        facts.append("the ticker ticked during every call")
    return (
        "This interpreter runs without a GIL, so held and released are equals here.",
        f"Either way {_list(facts)}.",
    )


def _all(count: int) -> str:
    return "both" if count == 2 else f"all {count}"


def _list(facts: Sequence[str]) -> str:
    *first, last = facts
    return f"{', '.join(first)}, and {last}" if first else last
