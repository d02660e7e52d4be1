"""A whole run: the pictures, then interleaved rounds of races and calls, and their results."""

import struct
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from gil_demo.host import machine
from gil_demo.measuring import picture, responsiveness, scaling
from gil_demo.measuring.plan import Plan
from gil_demo.measuring.race import Race, watched_race
from gil_demo.measuring.responsiveness import Observation
from gil_demo.measuring.rounds import interleaved
from gil_demo.progress import Progress, part, unseen
from gil_demo.results.run import Measured, Panel, Span
from gil_demo.words import Company, Mode

Job = tuple[Mode, int] | Company
"""A race of one mode on a number of threads, or the ticker in some company."""

Round = Mapping[Job, Race | Observation]


def measure(plan: Plan, progress: Progress = unseen) -> Measured:
    """Carry out a plan, in `step_count` steps.

    An interrupt (KeyboardInterrupt) ends it after the kernel passes in flight.
    """
    modes, jobs, steps = _modes(plan), _jobs(plan), step_count(plan)
    meter = machine.BusyMeter()
    panels = []
    for done, mode in enumerate(modes):
        progress(done, steps)
        panels.append(picture.record_panel(plan, mode))
    rounds = interleaved(jobs, plan.rounds, plan.seed, part(progress, len(modes), steps))
    races, watches = _races(rounds), _watches(rounds)

    environment = machine.environment(meter.share())
    return Measured(
        environment=environment,
        results_agree=results_agree([race for round_ in races for race in round_.values()]),
        picture=tuple(panels),
        spans=_spans(plan, races, panels),
        scaling=scaling.scaling_rows(races, plan.threads) if races else (),
        responsiveness=(
            responsiveness.responsiveness_rows(watches, gil_enabled=environment.gil_enabled)
            if watches
            else ()
        ),
    )


def step_count(plan: Plan) -> int:
    """Count the steps of a plan."""
    return len(_modes(plan)) + plan.rounds * len(_jobs(plan))


def _modes(plan: Plan) -> Sequence[Mode]:
    """List the races to draw."""
    return picture.MODES if "picture" in plan.sections else ()


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
                jobs[mode, count] = partial(watched_race, mode, plan.kernel, work, plan.passes)
    if "responsiveness" in plan.sections:
        for company in responsiveness.companies(gil_enabled=machine.gil_enabled()):
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
