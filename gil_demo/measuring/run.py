"""A whole run: rounds of races, interleaved, and what they come to.

A round makes every race once, in an order drawn anew, so that whatever drifts on
the machine hits all modes alike.
"""

import struct
from collections.abc import Callable, Sequence
from functools import partial
from random import Random

from gil_demo.host import machine
from gil_demo.measuring import picture, responsiveness, scaling
from gil_demo.measuring.plan import CALL_SECONDS, Plan
from gil_demo.measuring.race import Race, run_race
from gil_demo.measuring.verdict import Evidence, judge
from gil_demo.results.patterns import PatternRow
from gil_demo.results.run import Panel, RunResult, Settings, Span
from gil_demo.words import Company, Mode

Step = Callable[[], None]

Progress = Callable[[int, int], None]
"""Called before each step, and at the end, with the steps done and the steps in all."""


def measure(
    plan: Plan,
    *,
    input_name: str | None = None,
    notes: Sequence[str] = (),
    patterns: Sequence[PatternRow] = (),
    progress: Progress = lambda done, steps: None,
) -> RunResult:
    """Carry out a plan; `input_name`, `notes` and `patterns` are passed on in the result.

    An interrupt (KeyboardInterrupt) ends it after the kernel passes in flight.
    """
    order = Random(plan.seed)
    panels: list[Panel] = []
    races: list[scaling.Round] = []
    watches: list[responsiveness.Round] = []
    steps = _picture_steps(plan, panels) if "picture" in plan.sections else []
    for _ in range(plan.rounds):
        round_: list[Step] = []
        if "scaling" in plan.sections:
            races.append({})
            round_ += _scaling_steps(plan, races[-1])
        if "responsiveness" in plan.sections:
            watches.append({})
            round_ += _responsiveness_steps(plan, watches[-1])
        order.shuffle(round_)
        steps += round_

    meter = machine.BusyMeter()
    for done, step in enumerate(steps):
        progress(done, len(steps))
        step()
    progress(len(steps), len(steps))

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
        notes=(*([_how_long(plan)] if steps else []), *notes),
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


def _spans(plan: Plan, races: Sequence[scaling.Round], panels: Sequence[Panel]) -> tuple[Span, ...]:
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


def _picture_steps(plan: Plan, panels: list[Panel]) -> list[Step]:
    def record(mode: Mode) -> None:
        panels.append(picture.record_panel(plan, mode))

    return [partial(record, mode) for mode in picture.MODES]


def _scaling_steps(plan: Plan, round_: scaling.Round) -> list[Step]:
    def race(mode: Mode, threads: int) -> None:
        round_[mode, threads] = run_race(mode, plan.kernel, plan.work(threads), plan.passes)

    return [partial(race, mode, count) for mode in scaling.MODES for count in plan.threads]


def _responsiveness_steps(plan: Plan, round_: responsiveness.Round) -> list[Step]:
    def watch(company: Company) -> None:
        round_[company] = responsiveness.observe(plan, company)

    return [partial(watch, company) for company in responsiveness.COMPANIES]


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
