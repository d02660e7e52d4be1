"""Tries patterns, and puts their endings together."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from gil_demo.gallery.registry import subjects
from gil_demo.results.numbers import Spread
from gil_demo.results.patterns import Ending, PatternRow
from gil_demo.sandbox.pool import Job, Sandbox
from gil_demo.words import Half


def try_patterns(
    jobs: Sequence[Job], workers: int, progress: Callable[[int, int], None]
) -> tuple[PatternRow, ...]:
    """Run every job in a sandbox of its own, and put the endings together.

    `workers` run at once; what is timed runs when they are done, one after another.
    """
    timed = [job for job in jobs if job[0].timed]
    others = [job for job in jobs if not job[0].timed]
    with Sandbox(workers) as box:
        endings = box.run_all(others, lambda done, _: progress(done, len(jobs)))
    with Sandbox(1) as box:
        endings += box.run_all(timed, lambda done, _: progress(len(others) + done, len(jobs)))
    order = {(subject.name, half): place for place, (subject, half) in enumerate(jobs)}
    return tuple(sorted(rows(endings), key=lambda row: order[row.name, row.half]))


def rows(endings: Iterable[Ending]) -> tuple[PatternRow, ...]:
    """The endings, a row for each half of each pattern."""
    grouped: dict[tuple[str, Half], list[Ending]] = {}
    for ending in endings:
        grouped.setdefault((ending.name, ending.half), []).append(ending)
    return tuple(_row(name, half, group) for (name, half), group in grouped.items())


def _row(name: str, half: Half, endings: Sequence[Ending]) -> PatternRow:
    (subject,) = subjects(name)
    expected = subject.expected(half)
    as_expected = [ending for ending in endings if ending.outcome == expected]
    unexpected = [ending for ending in endings if ending.outcome != expected]
    telling = as_expected if half == "unforced" else unexpected
    return PatternRow(
        name=name,
        half=half,
        runs=len(endings),
        expected=expected,
        as_expected=len(as_expected),
        outcomes=dict(Counter(ending.outcome for ending in endings)),
        evidence=(telling or endings)[0].evidence,
        seconds=Spread.of(ending.seconds for ending in endings),
    )
