"""A whole run: the pictures, then interleaved rounds of races and calls, and their results."""

import struct
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from gil_demo.host import machine
from gil_demo.measuring import picture, responsiveness, scaling
from gil_demo.measuring.plan import CALL_SECONDS, Plan
from gil_demo.measuring.progress import Progress, part, unseen
from gil_demo.measuring.race import Race, run_race
from gil_demo.measuring.responsiveness import Observation
from gil_demo.measuring.rounds import interleaved
from gil_demo.measuring.verdict import Evidence, judge
from gil_demo.results.patterns import PatternRow
from gil_demo.results.run import Panel, RunResult, Settings, Span
from gil_demo.words import Company, Mode

Job = tuple[Mode, int] | Company
"""A race of one mode on a number of threads, or the ticker in some company."""

Round = Mapping[Job, Race | Observation]


def measure(
    plan: Plan,
    *,
    input_name: str | None = None,
    notes: Sequence[str] = (),
    patterns: Sequence[PatternRow] = (),
    progress: Progress = unseen,
) -> RunResult:
    """Carry out a plan; `input_name`, `notes` and `patterns` are passed on in the result.

    An interrupt (KeyboardInterrupt) ends it after the kernel passes in flight.
    """
    modes = picture.MODES if "picture" in plan.sections else ()
    jobs = _jobs(plan)
    steps = len(modes) + plan.rounds * len(jobs)
    meter = machine.BusyMeter()
    panels = []
    for done, mode in enumerate(modes):
        progress(done, steps)
        panels.append(picture.record_panel(plan, mode))
    rounds = interleaved(jobs, plan.rounds, plan.seed, part(progress, len(modes), steps))
    races, watches = _races(rounds), _watches(rounds)

    environment = machine.environment(meter.share())
    scaling_rows = scaling.scaling_rows(races, plan.threads) if races else ()
    ticker_rows = (
        responsiveness.responsiveness_rows(watches, gil_enabled=environment.gil_enabled)
        if watches
        else ()
    )
    return RunResult(
        environment=environment,
        settings=_settings(plan, input_name),
        notes=(*([_how_long(plan)] if modes or jobs else []), *notes),
        picture=tuple(panels),
        spans=_spans(plan, races, panels),
        scaling=scaling_rows,
        responsiveness=ticker_rows,
        patterns=tuple(patterns),
        verdict=judge(
            Evidence(
                environment,
                results_agree([race for round_ in races for race in round_.values()]),
                panels,
                scaling_rows,
                ticker_rows,
                patterns,
            )
        ),
    )


def _spans(plan: Plan, races: Sequence[scaling.Races], panels: Sequence[Panel]) -> tuple[Span, ...]:
    if not races:
        return tuple(span for panel in panels for span in panel.spans)
    widest = [races[0][mode, plan.threads[-1]] for mode in scaling.MODES]
    return tuple(span for race in widest for span in race.spans)


def results_agree(races: Sequence[Race]) -> bool:
    """Check that all calls on the same part of the array returned the same 64 bits."""
    values: dict[int, set[bytes]] = {}
    for race in races:
        for thread, result in enumerate(race.results):
            values.setdefault(thread, set()).add(struct.pack("d", result))
    return all(len(different) == 1 for different in values.values())


def _jobs(plan: Plan) -> dict[Job, Callable[[], Race | Observation]]:
    """List all that a round measures."""
    jobs: dict[Job, Callable[[], Race | Observation]] = {}
    if "scaling" in plan.sections:
        for mode in scaling.MODES:
            for count in plan.threads:
                work = plan.work(count)
                jobs[mode, count] = partial(run_race, mode, plan.kernel, work, plan.passes)
    if "responsiveness" in plan.sections:
        for company in responsiveness.COMPANIES:
            jobs[company] = partial(responsiveness.observe, plan, company)
    return jobs


def _races(rounds: Sequence[Round]) -> list[scaling.Races]:
    """Pick the races out of all rounds."""
    picked = [
        {
            job: one
            for job, one in round_.items()
            if isinstance(one, Race) and isinstance(job, tuple)
        }
        for round_ in rounds
    ]
    return [races for races in picked if races]


def _watches(
    rounds: Sequence[Round],
) -> list[responsiveness.Observations]:
    """Pick what the ticker did out of all rounds."""
    picked = [
        {
            job: one
            for job, one in round_.items()
            if isinstance(one, Observation) and not isinstance(job, tuple)
        }
        for round_ in rounds
    ]
    return [watches for watches in picked if watches]


def _settings(plan: Plan, input_name: str | None) -> Settings:
    return Settings(
        kernel=plan.kernel,
        elements=plan.array.size,
        elements_per_call=plan.work(1)[0].size,
        passes=plan.passes,
        threads=plan.threads,
        rounds=plan.rounds,
        seed=plan.seed,
        input=input_name,
    )


def _how_long(plan: Plan) -> str:
    passes = "1 pass" if plan.passes == 1 else f"{plan.passes:,} passes"
    return (
        f"Each call: {passes} over {plan.work(1)[0].size:,} elements, chosen to last about"
        f" {CALL_SECONDS * 1e3:.0f} ms."
    )
