"""The functions that a notebook calls; the commands of the same names do the same."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, get_args

import numpy as np
from numpy.typing import NDArray

from gil_demo import arrays, notation
from gil_demo.guarding.blocks import frozen, guard, protect, watch_writes
from gil_demo.host import machine
from gil_demo.interrupts import interrupts_caught
from gil_demo.limits import DEFAULT_ROUNDS, DEFAULT_SIZE, MAX_DEFAULT_THREADS, MAX_THREADS
from gil_demo.measuring.measure import measure, step_count
from gil_demo.measuring.plan import CALL_SECONDS, ImpossiblePlan, Plan, refuse_impossible
from gil_demo.measuring.verdict import Evidence, judge
from gil_demo.native import handovers, kernels
from gil_demo.progress import Progress, part, unseen
from gil_demo.report.run import RunReport
from gil_demo.report.watching import WatchedBlock
from gil_demo.report.watching_probe import ProbeReport
from gil_demo.results.patterns import PatternRow
from gil_demo.results.run import Measured, RunResult, Settings
from gil_demo.watching import probe as probing
from gil_demo.watching.recording import MAX_HOLDS
from gil_demo.words import HALVES, Kernel, Section

if TYPE_CHECKING:
    from gil_demo.sandbox.pool import Task

__all__ = ["frozen", "guard", "protect", "race", "watch_writes"]

MEASURED: frozenset[Section] = frozenset({"picture", "scaling", "responsiveness"})
"""The sections that a notebook gets by default: all except the patterns."""


FEW_PASSES = 2
"""With no more than these a call may last longer than was planned: a pass is never cut."""


def default_threads() -> tuple[int, ...]:
    """Choose 1, 2, 4, … up to the cores this process may use; 2 even where there is only one."""
    cores = min(machine.usable_cores(), MAX_DEFAULT_THREADS)
    return (1, *(2**power for power in range(1, max(2, cores.bit_length()))))


def race(
    array: NDArray[np.float64] | None = None,
    *,
    kernel: Kernel = "sum",
    threads: Iterable[int] | None = None,
    rounds: int = DEFAULT_ROUNDS,
    seed: int = 0,
    sections: Iterable[Section] = MEASURED,
    input_name: str | None = None,
    notes: Iterable[str] = (),
    progress: Progress = unseen,
) -> RunReport:
    """Race one C kernel on an array: GIL held, GIL released, and without Python.

    Races of one process wait for each other, so do not call it from a signal handler.

    Args:
        array: One or more dimensions of float64, contiguous and aligned, and
            writable for the kernel ``scale``. C works on its memory, not on a
            copy. By default a million numbers from -1 to 1.
        kernel: What each thread calls once in each race.
        threads: The numbers of threads to compare; 1 is always added.
        rounds: How often each race is run, interleaved with the others.
        seed: Seed of the default array and of the order of races.
        sections: Which parts to measure; "patterns" runs each pattern's halves once,
            in child processes.
        input_name: Where the array came from, for the report.
        notes: Sentences to add to the report.
        progress: Called with the number of steps done and of all steps.

    Returns:
        A report that draws itself in a terminal and in Jupyter; the figures are
        in its `result`.

    Raises:
        ValueError: The array or a number cannot be used; the message says what to do.
    """
    prepared = prepare(
        array,
        kernel=kernel,
        threads=threads,
        rounds=rounds,
        seed=seed,
        sections=sections,
        input_name=input_name,
        notes=notes,
    )
    return prepared.run(progress)


def prepare(
    array: NDArray[np.float64] | None = None,
    *,
    kernel: Kernel = "sum",
    threads: Iterable[int] | None = None,
    rounds: int = DEFAULT_ROUNDS,
    seed: int = 0,
    sections: Iterable[Section] = MEASURED,
    input_name: str | None = None,
    notes: Iterable[str] = (),
) -> "PreparedRace":
    """Check everything that `race` takes, and measure nothing yet; raise what `race` raises."""
    if kernel not in get_args(Kernel):
        raise ImpossiblePlan(f"kernel must be one of {', '.join(get_args(Kernel))}, not {kernel!r}")
    chosen = frozenset(sections)
    if not chosen <= set(get_args(Section)):
        raise ImpossiblePlan(f"sections must be some of {', '.join(get_args(Section))}")
    if rounds < 1:
        raise ImpossiblePlan("rounds must be 1 or more")
    counts = default_threads() if threads is None else tuple(threads)
    if not all(1 <= count <= MAX_THREADS for count in counts):
        raise ImpossiblePlan(f"threads must be from 1 to {MAX_THREADS}: give numbers as in 1,2,4")
    data = arrays.make(DEFAULT_SIZE, seed) if array is None else array
    kernels.refuse_unsuitable(data, kernel)
    refuse_impossible(data, kernel, max(counts, default=1))
    return PreparedRace(data, kernel, counts, rounds, seed, chosen, input_name, tuple(notes))


@dataclass(frozen=True, slots=True)
class PreparedRace:
    """A race that can be run: `prepare` found nothing to refuse."""

    array: NDArray[np.float64]
    kernel: Kernel
    threads: tuple[int, ...]
    rounds: int
    seed: int
    sections: frozenset[Section]
    input_name: str | None
    notes: tuple[str, ...]

    def run(self, progress: Progress = unseen) -> RunReport:
        """Measure, then try each pattern if that was asked for, and judge.

        `progress` is called with the number of steps done and that of all steps.
        """
        with interrupts_caught() as check:

            def checked(done: int, steps: int) -> None:
                check()
                progress(done, steps)

            return self._run(checked)

    def _run(self, progress: Progress) -> RunReport:
        plan = Plan.calibrated(
            self.array, self.kernel, self.threads, self.rounds, self.seed, self.sections
        )
        halves = _pattern_halves() if "patterns" in self.sections else []
        measuring = step_count(plan)
        steps = measuring + len(halves)
        measured = measure(plan, part(progress, 0, steps))
        patterns = _try_once(halves, part(progress, measuring, steps)) if halves else ()
        return RunReport(self._result(plan, measured, patterns))

    def _result(
        self, plan: Plan, measured: Measured, patterns: tuple[PatternRow, ...]
    ) -> RunResult:
        figures = {field.name: getattr(measured, field.name) for field in fields(measured)}
        evidence = Evidence(
            environment=measured.environment,
            results_agree=measured.results_agree is not False,
            picture=measured.picture,
            scaling=measured.scaling,
            responsiveness=measured.responsiveness,
            patterns=patterns,
        )
        return RunResult(
            **figures,
            settings=Settings(
                kernel=plan.kernel,
                elements=plan.array.size,
                elements_per_call=plan.work(1)[0].size,
                passes=plan.passes,
                threads=plan.threads,
                rounds=plan.rounds,
                seed=plan.seed,
                input=self.input_name,
            ),
            notes=(
                *([_length_of_calls(plan)] if step_count(plan) else []),
                *_not_watched(measured),
                *self.notes,
            ),
            patterns=patterns,
            verdict=judge(evidence),
        )


def _pattern_halves() -> "list[Task]":
    """List both halves of every pattern."""
    from gil_demo.gallery import registry

    return [(pattern, half) for pattern in registry.load_all() for half in HALVES]


def _try_once(tasks: "list[Task]", progress: Progress) -> tuple[PatternRow, ...]:
    from gil_demo.sandbox.rows import try_patterns

    return try_patterns(tasks, machine.usable_cores(), progress)


def _not_watched(measured: Measured) -> Iterator[str]:
    """Say why the picture does not show who had the GIL, if it does not."""
    if any(panel.gil_lane is None for panel in measured.picture):
        why = handovers.why_not() or "a watch runs already"
        yield f"Who had the GIL is not shown: {why}."


def _length_of_calls(plan: Plan) -> str:
    """Say how long a call is by the processor's time: others make it last longer by the clock."""
    passes = notation.count(plan.passes, "pass", "passes")
    elements = notation.count(plan.work(1)[0].size, "element")
    planned = f"{notation.milliseconds(CALL_SECONDS)} of processor time"
    return (
        f"Each call: {passes} over {elements},"
        f" {f'about {planned}' if plan.passes > FEW_PASSES else f'{planned} or more'}."
    )


def probe(
    function: Callable[[], object], *, calls: int | None = None, name: str | None = None
) -> ProbeReport:
    """Tell whether a callable releases the GIL, from every hand-over while it runs.

    In a test: ``assert gil_demo.probe(lambda: my_extension.work(data)).releases``.

    Args:
        function: Called without arguments, from this thread, several times; its result is
            dropped.
        calls: How often to call it; by default for 0.2 s, and at least 5 times, but once only
            if one call lasts a second.
        name: How to call it in the report.

    Returns:
        A report that draws itself, with `releases` and `holds`; the figures are in its `result`.

    Raises:
        CannotWatch: There is no GIL here, or its hand-overs cannot be watched; the message says
            why.
    """
    return ProbeReport(probing.probe(function, calls=calls, name=name))


def watch(
    *,
    events: bool = True,
    alarm: float | None = None,
    ask_every: float | None = None,
    max_holds: int = MAX_HOLDS,
) -> WatchedBlock:
    """Watch the GIL of this process: ``with gil_demo.watch() as seen:``.

    After the block, `seen` draws the report, and its `result` has the figures. At any time,
    `seen.totals()` tells what each thread had of the GIL, and how long it waited for it.

    Args:
        events: Note every hand-over; otherwise only the totals of each thread, which is cheap
            enough to leave on.
        alarm: Write to standard error, with the stack, when a hold makes another thread wait
            for so many seconds, even while the hold goes on.
        ask_every: Let a thread of its own ask for the GIL every so many seconds. Where no other
            thread does, as beside an event loop, this finds the line that has it too long.
        max_holds: For how many pairs of hand-overs there is room, 40 bytes each. Of those for
            which there is none, only the totals are known, and the report says how many.

    Returns:
        The watch, which begins with the block and ends with it.

    Raises:
        CannotWatch: The block begins where the GIL cannot be watched, or is being watched.
        ValueError: `alarm`, `ask_every` or `max_holds` is not above 0.
    """
    return WatchedBlock(
        events=events, alarm_seconds=alarm, ask_every_seconds=ask_every, max_holds=max_holds
    )


def hold_gil(seconds: float) -> None:
    """Run in C for so long with the GIL held: other Python threads stand still.

    For tests of watchdogs and monitors. Not even Ctrl-C is heard meanwhile.

    Args:
        seconds: How long, from 0 to 1e9.

    Raises:
        CannotWatch: This is not CPython with a GIL on Linux.
        ValueError: The time is out of range.
    """
    handovers.hold_gil(seconds)


def release_gil(seconds: float) -> None:
    """Run in C for so long with the GIL released: other Python threads go on.

    Args:
        seconds: How long, from 0 to 1e9.

    Raises:
        CannotWatch: This is not CPython with a GIL on Linux.
        ValueError: The time is out of range.
    """
    handovers.release_gil(seconds)
