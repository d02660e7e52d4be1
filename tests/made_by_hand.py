"""A run that never took place, and rows of patterns that were never tried: made by hand."""

from gil_demo.results.host import Environment
from gil_demo.results.numbers import Range, Spread
from gil_demo.results.patterns import Death, Finding, PatternRow
from gil_demo.results.run import (
    Panel,
    ResponsivenessRow,
    RunResult,
    ScalingRow,
    Settings,
    Span,
    Stretch,
    Verdict,
)
from gil_demo.words import Expected, Half, Mode, each


def at(milliseconds: float) -> int:
    """Return a moment on a made-up clock, in nanoseconds."""
    return 5_000_000_000 + round(milliseconds * 1e6)


def span(gil: Mode, thread: int, enter: float, leave: float) -> Span:
    """Make a call between two moments in milliseconds."""
    return Span(gil, thread, at(enter), at(leave))


def scaling_row(
    gil: Mode,
    threads: int,
    wall: tuple[float, float, float],
    speedup: tuple[float, float, float],
    peak: tuple[int, int],
    mean: float,
) -> ScalingRow:
    """Make a row whose calls took 30 ms of processor time each."""
    return ScalingRow(
        gil, threads, Spread(*wall), Spread(*speedup), Range(*peak), mean, 0.03 * threads
    )


WAITED = Death("deadlock", "deadlock", note="waited")


def row_of(name: str, half: Half, expected: Expected, left: Finding | Death) -> PatternRow:
    """Make the row of one run that never took place."""
    from gil_demo.sandbox.evidence import evidence

    return PatternRow(
        name,
        half,
        runs=1,
        expected=expected,
        as_expected=int(left.outcome in each(expected)),
        outcomes={left.outcome: 1},
        evidence=evidence(left),
        seconds=Spread(0.01, 0.01, 0.01),
        finding=left if isinstance(left, Finding) else None,
        death=left if isinstance(left, Death) else None,
    )


ENVIRONMENT = Environment(
    python="3.13.0",
    implementation="CPython",
    free_threaded=False,
    gil_enabled=True,
    cores=2,
    numpy="2.3.0",
    platform="Linux-6.1",
    machine_busy=0.03,
)

SETTINGS = Settings(
    kernel="sum",
    elements=1_000_000,
    elements_per_call=1_000_000,
    passes=30,
    threads=(1, 2),
    rounds=3,
    seed=0,
    input=None,
)

PICTURE = (
    Panel(
        "held",
        (span("held", 1, 0, 30), span("held", 2, 30.1, 60)),
        (Stretch(at(-10), at(-0.2), 40), Stretch(at(60.2), at(70), 40)),
        peak_inside=1,
    ),
    Panel(
        "released",
        (span("released", 1, 0, 31), span("released", 2, 1, 32)),
        (Stretch(at(-10), at(42), 200),),
        peak_inside=2,
    ),
)

SCALING = (
    scaling_row("held", 1, (0.03, 0.029, 0.032), (1.0, 1.0, 1.0), (1, 1), 1.0),
    scaling_row("held", 2, (0.06, 0.059, 0.063), (0.99, 0.97, 1.01), (1, 1), 1.0),
    scaling_row("released", 1, (0.03, 0.029, 0.031), (1.0, 1.0, 1.0), (1, 1), 1.0),
    scaling_row("released", 2, (0.0305, 0.03, 0.0401), (1.94, 1.5, 1.99), (2, 2), 1.97),
    scaling_row("native", 1, (0.03, 0.029, 0.031), (1.0, 1.0, 1.0), (1, 1), 1.0),
    scaling_row("native", 2, (0.0304, 0.03, 0.0331), (1.96, 1.8, 2.0), (1, 2), 1.98),
)

RESPONSIVENESS = (
    ResponsivenessRow("alone", 4_200_000.0, 1.0, 0.0001, 0.03, None),
    ResponsivenessRow("held", 0.0, 0.0, 0.0305, 0.0301, 0),
    ResponsivenessRow("released", 3_990_000.0, 0.95, 0.0005, 0.0302, 102_640),
)


def made_run() -> RunResult:
    """Make a run that never took place: two calls held one after the other, released together."""
    return RunResult(
        environment=ENVIRONMENT,
        settings=SETTINGS,
        results_agree=True,
        notes=("Each call: 30 passes over 1,000,000 elements.",),
        picture=PICTURE,
        spans=tuple(span for panel in PICTURE for span in panel.spans),
        scaling=SCALING,
        responsiveness=RESPONSIVENESS,
        patterns=(
            row_of("lock-order", "unsafe", "deadlock", WAITED),
            row_of("lock-order", "safe", "ok", Finding("ok", "took turns")),
        ),
        verdict=Verdict("shown", ("With the GIL held, none.", "Released, all.")),
    )
