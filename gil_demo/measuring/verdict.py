"""The verdict: a run shows the claim, contradicts it, or leaves it open.

Only facts that noise cannot change can contradict the claim: with the GIL held,
two calls inside at once or a tick inside a call; a hand-over of the GIL where there
can be none; without a GIL, a collection that ends during a call which stays attached;
or a pattern that ended otherwise than declared. A busy machine can keep released calls
from meeting, or a collection from beginning or ending during a call, and another program
can write to a file that is mapped: each of these leaves the claim open. No speed-up is
judged; it is reported beside the facts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gil_demo import notation
from gil_demo.measuring.others import caution, others_took
from gil_demo.measuring.responsiveness import COLLECTED
from gil_demo.results.host import Environment
from gil_demo.results.numbers import Range
from gil_demo.results.patterns import PatternRow
from gil_demo.results.run import Panel, ResponsivenessRow, ScalingRow, Verdict
from gil_demo.words import Mode, each, either


@dataclass(frozen=True, slots=True)
class Evidence:
    """The facts that a verdict rests on; a field that was not measured is empty."""

    environment: Environment
    results_agree: bool
    picture: Sequence[Panel] = ()
    scaling: Sequence[ScalingRow] = ()
    responsiveness: Sequence[ResponsivenessRow] = ()
    patterns: Sequence[PatternRow] = ()

    @property
    def peaks(self) -> list[tuple[Mode, int, Range]]:
        """List mode, threads and peak inside of every kind of race on several threads."""
        drawn = [
            (panel.gil, len(panel.spans), Range(panel.peak_inside, panel.peak_inside))
            for panel in self.picture
        ]
        tabled = [(row.gil, row.threads, row.peak_inside) for row in self.scaling]
        return [(gil, threads, peak) for gil, threads, peak in drawn + tabled if threads > 1]

    @property
    def held_shares(self) -> list[tuple[str, float]]:
        """Mode and share of a call with the GIL of each row for which that is known."""
        tabled: list[tuple[str, float | None]] = [
            *((row.gil, row.held_share) for row in self.scaling),
            *((row.gil, row.held_share) for row in self.responsiveness),
        ]
        return [(gil, share) for gil, share in tabled if share is not None]

    @property
    def ticker(self) -> dict[str, ResponsivenessRow]:
        """Return the responsiveness rows by mode."""
        return {row.gil: row for row in self.responsiveness}

    @property
    def widest(self) -> dict[str, ScalingRow]:
        """Return the scaling rows with the most threads, by mode; none if that is one thread."""
        most = max((row.threads for row in self.scaling), default=1)
        return {row.gil: row for row in self.scaling if row.threads == most > 1}

    @property
    def measured(self) -> bool:
        """Return whether there is any time that others can have changed."""
        return bool(self.picture or self.scaling or self.responsiveness)

    @property
    def compared(self) -> dict[str, ScalingRow]:
        """Return the widest rows; none where the machine was such that they say little."""
        return {} if caution(self.environment, self.scaling) else self.widest


def judge(evidence: Evidence) -> Verdict:
    """Judge a run: contradicted by any contradiction, else inconclusive by any gap, else shown."""
    contradictions = tuple(_contradictions(evidence))
    if contradictions:
        return Verdict("contradicted", contradictions)
    gaps = tuple(dict.fromkeys(_gaps(evidence)))  # the picture and the table may have the same
    if gaps:
        return Verdict("inconclusive", gaps)
    told = _shown(evidence) if evidence.environment.gil_enabled else _shown_without_gil(evidence)
    doubt = caution(evidence.environment, evidence.scaling) if evidence.measured else ""
    return Verdict("shown", (*told, doubt) if doubt else told)


def _contradictions(evidence: Evidence) -> Iterator[str]:
    for row in evidence.patterns:
        if set(row.outcomes) - {*each(row.expected), "unfinished"}:
            declared = either(row.expected)
            yield f"The {row.half} half of {row.name} did not end as declared ({declared})."
    if not evidence.environment.gil_enabled:
        stopped = evidence.ticker.get("held-collected")
        if stopped and stopped.collections_ended:
            yield "A garbage collection came to its end during a call that stayed attached."
        return
    for gil, threads, peak in evidence.peaks:
        if gil == "held" and peak.max > 1:
            yield f"With the GIL held, {peak.max} of {threads} calls were inside at once."
    for mode, share in evidence.held_shares:
        if share != {"held": 1.0, "released": 0.0}[mode]:
            part = notation.share(share)
            yield f"By its hand-overs, a {mode} call had the GIL for {part} of its time."
    held = evidence.ticker.get("held")
    if held and held.ticks_inside:
        yield f"The ticker ticked {held.ticks_inside:,} times inside a held call."


def _gaps(evidence: Evidence) -> Iterator[str]:
    """Say why the run does not show the claim, one sentence a reason."""
    if not evidence.results_agree:
        yield "The same call did not return the same value every time: somebody wrote to the array."
    if not evidence.peaks and not evidence.ticker and not _patterns(evidence):
        yield "Too little was measured to decide it: add responsiveness, or two threads or more."
    for pattern in evidence.patterns:
        if "unfinished" in pattern.outcomes:
            yield f"The {pattern.half} half of {pattern.name} did not finish in time."
    free = {"released"} if evidence.environment.gil_enabled else {"held", "released"}
    blame = others_took(evidence.environment, ", while ")
    for gil, threads, peak in evidence.peaks:
        if gil in free and peak.min < threads:
            met = f"only {peak.min} of {threads} {gil} calls were inside at once"
            yield f"In some race {met}{blame}."
    for company, row in evidence.ticker.items():
        if company in free and not row.ticks_inside:
            yield f"In some round the ticker got no time beside a {company} call{blame}."
        if company == "held-collected" and not row.collections_begun:
            yield f"No garbage collection began during a held call{blame}."
        if company == "released-collected" and not row.collections_ended:
            yield f"No garbage collection ended during a released call{blame}."


def _shown(evidence: Evidence) -> tuple[str, ...]:
    held, released = [], []
    if evidence.peaks:
        threads = max(threads for _, threads, _ in evidence.peaks)
        held.append(f"never more than 1 of {threads} calls was inside the kernel")
        released.append(_met(evidence, threads))
    if evidence.ticker:
        length = notation.milliseconds(evidence.ticker["held"].call_seconds, 1)
        ticks = evidence.ticker["released"].ticks_inside
        held.append(f"the ticker did not tick once during a call of {length}")
        released.append(f"the ticker ticked at least {ticks:,} times during one call")
    if evidence.held_shares:
        held.append("each call had the GIL throughout, by its hand-overs")
        released.append("no call had it while inside")
    if rows := evidence.compared:
        gain = {mode: notation.ratio(row.speedup.median) for mode, row in rows.items()}
        released.append(
            f"{rows['held'].threads} threads got {gain['released']} as much done as one"
            f" (native threads {gain['native']}, held {gain['held']})"
        )
    patterns = _patterns(evidence)
    if not held:
        return (_sentence(patterns),)
    ending = f"; {patterns}" if patterns else ""
    return f"With the GIL held, {_list(held)}.", f"Released, {_list(released)}{ending}."


def _shown_without_gil(evidence: Evidence) -> tuple[str, ...]:
    facts = []
    if evidence.peaks:
        threads = max(threads for _, threads, _ in evidence.peaks)
        facts.append(_met(evidence, threads))
    if evidence.ticker:
        facts.append("the ticker ticked beside a held call and beside a released one")
    if rows := evidence.compared:
        gain = {mode: notation.ratio(row.speedup.median) for mode, row in rows.items()}
        facts.append(
            f"{rows['held'].threads} threads got {gain['held']} and {gain['released']} as much"
            f" done as one (native threads {gain['native']})"
        )
    patterns = _patterns(evidence)
    if not facts:
        return (_sentence(patterns),)
    ending = f"; {patterns}" if patterns else ""
    return (
        "This interpreter runs without a GIL: held and released behave alike while no thread"
        " stops all others.",
        f"Either way, {_list(facts)}{ending}.",
        *_stopped(evidence),
    )


def _stopped(evidence: Evidence) -> tuple[str, ...]:
    """Say what the ticker did beside a call while another thread collected garbage."""
    rows = [evidence.ticker.get(company) for company in COLLECTED]
    if None in rows:
        return ()
    held, released = (
        f"{notation.milliseconds(row.longest_stall_seconds, 1)} in a call of"
        f" {notation.milliseconds(row.call_seconds, 1)}"
        for row in rows
        if row
    )
    return (
        f"While a third thread collected garbage, the longest stall of the ticker was {held} that"
        f" was held, and {released} that was released.",
    )


def _patterns(evidence: Evidence) -> str:
    """Say that each half ended as declared, of the patterns that a time does not decide."""
    names = {row.name for row in evidence.patterns}
    measured = {row.name for row in evidence.patterns if row.measured}
    told = len(names - measured)
    if not told:
        return ""
    rest = f" ({len(measured)} more only cost time, and prove nothing)" if measured else ""
    return f"of {notation.count(told, 'pattern')}, each half ended as declared{rest}"


def _sentence(clause: str) -> str:
    return f"{clause[0].upper()}{clause[1:]}."


def _met(evidence: Evidence, threads: int) -> str:
    """Say that the calls met; the picture alone is of one race, and of no rounds."""
    calls = "both calls" if threads == 2 else f"all {threads} calls"
    rounds = " in every round" if evidence.scaling else ""
    return f"{calls} were inside at once{rounds}"


def _list(facts: Sequence[str]) -> str:
    *first, last = facts
    return f"{', '.join(first)}, and {last}" if first else last
