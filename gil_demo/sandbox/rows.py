"""Tries patterns, and puts their endings together."""

from collections import Counter
from collections.abc import Iterable, Sequence

from gil_demo.progress import Progress, part
from gil_demo.results.numbers import Spread
from gil_demo.results.patterns import Death, Ending, Finding, PatternRow
from gil_demo.sandbox.evidence import evidence
from gil_demo.sandbox.pool import Sandbox, Task
from gil_demo.words import each


def try_patterns(tasks: Sequence[Task], workers: int, progress: Progress) -> tuple[PatternRow, ...]:
    """Run every task in a sandbox of its own; return a row for each half of each pattern.

    `workers` run at once. Halves that show times run when these are done, one after another.
    The rows are in the order in which their halves first come among the tasks.
    """
    timed = [task for task in tasks if task[0].timed]
    others = [task for task in tasks if not task[0].timed]
    with Sandbox(workers) as box:
        endings = box.run_all(others, part(progress, 0, len(tasks)))
    with Sandbox(1) as box:
        endings += box.run_all(timed, part(progress, len(others), len(tasks)))
    rows = dict(grouped(zip(others + timed, endings, strict=True)))
    return tuple(rows[task] for task in dict.fromkeys(tasks))


def grouped(endings: Iterable[tuple[Task, Ending]]) -> Iterable[tuple[Task, PatternRow]]:
    """Return each task with the row of all its endings."""
    groups: dict[Task, list[Ending]] = {}
    for task, ending in endings:
        groups.setdefault(task, []).append(ending)
    return [(task, _row(task, group)) for task, group in groups.items()]


def _row(task: Task, endings: Sequence[Ending]) -> PatternRow:
    subject, half = task
    expected = subject.expected(half)
    as_expected = [ending for ending in endings if ending.outcome in each(expected)]
    unexpected = [ending for ending in endings if ending.outcome not in each(expected)]
    telling = as_expected if half == "unforced" else unexpected
    left = (telling or endings)[0].left
    return PatternRow(
        name=subject.name,
        half=half,
        runs=len(endings),
        expected=expected,
        as_expected=len(as_expected),
        outcomes=dict(Counter(ending.outcome for ending in endings)),
        evidence=evidence(left),
        seconds=Spread.of(ending.seconds for ending in endings),
        finding=left if isinstance(left, Finding) else None,
        death=left if isinstance(left, Death) else None,
        caveat=subject.caveat(half),
    )
