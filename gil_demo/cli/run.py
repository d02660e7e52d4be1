"""`gil-demo run`: the whole demonstration."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from gil_demo.cli.options import Whole, elements, thread_counts
from gil_demo.cli.output import JSON, MARKDOWN, Output, output_options
from gil_demo.exit_codes import DONE, OF_STATES
from gil_demo.limits import DEFAULT_ROUNDS, DEFAULT_SIZE, QUICK_ROUNDS
from gil_demo.words import Kernel, Section

if TYPE_CHECKING:
    from gil_demo.report.run import RunReport

FILES = {
    "csv": "the tables",
    "trace": "a timeline of all threads, for ui.perfetto.dev,",
}


@click.command()
@click.option(
    "--kernel",
    type=click.Choice(get_args(Kernel)),
    default="sum",
    show_default=True,
    help="The C loop: sum has one accumulator, sum_wide many; scale writes; spin uses no memory.",
)
@click.option(
    "--size",
    type=elements,
    metavar="N",
    help=f"Elements of the array, as in 500k or 20M.  [default: {DEFAULT_SIZE:,}]",
)
@click.option(
    "--input",
    "input_file",
    type=click.Path(path_type=Path),
    metavar="FILE.npy",
    help="Work on the array in this file; it is memory-mapped and never written.",
)
@click.option(
    "--threads",
    type=thread_counts,
    metavar="N,N,...",
    help="Numbers of threads to compare, as in 1,2,4.  [default: 1,2,4,8 up to the cores]",
)
@click.option(
    "--rounds",
    type=Whole(1, 1000),
    metavar="N",
    help="How often to repeat each measurement."
    f"  [default: {DEFAULT_ROUNDS}; {QUICK_ROUNDS} with --quick]",
)
@click.option("--quick", is_flag=True, help="Fewer rounds and no patterns, for a quick look.")
@click.option(
    "--seed",
    type=Whole(min=0),
    metavar="N",
    default=0,
    show_default=True,
    help="Seed of the random array and of the order of races.",
)
@click.option(
    "--section",
    "sections",
    type=click.Choice(get_args(Section)),
    multiple=True,
    help="Measure only this part; repeat the option for several.",
)
@output_options(JSON | MARKDOWN, FILES, pictures=True, kept=True, inputs=["input"])
@click.option(
    "--check",
    is_flag=True,
    help="Set the exit code from the verdict: 0 shown, 1 contradicted, 3 inconclusive.",
)
def run(
    *,
    kernel: Kernel,
    size: int | None,
    input_file: Path | None,
    threads: tuple[int, ...] | None,
    rounds: int | None,
    quick: bool,
    seed: int,
    sections: Sequence[Section],
    from_file: Path | None,
    output: Output,
    check: bool,
) -> int:
    """Call a C kernel from several threads, with the GIL held and released.

    Draws a picture of the threads, and shows how much faster several threads were,
    whether another Python thread could run meanwhile, and what that proves.
    """
    from gil_demo.report.kept import kept_run
    from gil_demo.report.run import RunBody, RunReport

    if from_file:
        report, rest = RunReport(kept_run(from_file)), None
        if output.files["trace"] and not report.result.spans:
            raise click.UsageError("--trace needs races, and the kept result has none")
    else:
        report = _measure(
            kernel, size, input_file, threads, rounds, seed, sections, output, quick=quick
        )
        rest = RunBody(report.result)
    output.emit(report, "gil-demo run", rest)
    return OF_STATES[report.result.verdict.state] if check else DONE


def _measure(
    kernel: Kernel,
    size: int | None,
    input_file: Path | None,
    threads: tuple[int, ...] | None,
    rounds: int | None,
    seed: int,
    sections: Sequence[Section],
    output: Output,
    *,
    quick: bool,
) -> "RunReport":
    """Refuse or make the array and the race, say where this is, and run the race."""
    from gil_demo import arrays
    from gil_demo.api import MEASURED, prepare
    from gil_demo.files import printable
    from gil_demo.host import machine
    from gil_demo.report.environment import environment_line
    from gil_demo.report.kit.screen import progress_line

    if size and input_file:
        raise click.UsageError("--size and --input exclude each other: a file has its own size")
    if output.files["trace"] and sections and not {"picture", "scaling"}.intersection(sections):
        raise click.UsageError("--trace needs --section picture or --section scaling")
    array, notes = (
        arrays.load(input_file, kernel)
        if input_file
        else (arrays.make(size, seed) if size else None, ())
    )
    race = prepare(
        array,
        kernel=kernel,
        threads=threads,
        rounds=rounds or (QUICK_ROUNDS if quick else DEFAULT_ROUNDS),
        seed=seed,
        sections=sections or (MEASURED if quick else get_args(Section)),
        input_name=printable(input_file) if input_file else None,
        notes=notes,
    )
    output.begin(environment_line(machine.environment()))
    with progress_line("Measuring") as progress:
        return race.run(progress)
