"""`gil-demo run`: the whole demonstration."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from gil_demo.cli.options import (
    elements,
    file_option,
    json_option,
    markdown_option,
    picture_options,
    refuse_together,
    thread_counts,
)
from gil_demo.exit_codes import CONTRADICTED, DONE, INCONCLUSIVE
from gil_demo.limits import DEFAULT_ROUNDS, DEFAULT_SIZE, QUICK_ROUNDS
from gil_demo.words import Kernel, Section, State

if TYPE_CHECKING:
    from gil_demo.report.kit.pictures import Pictures

CHECK_EXIT_CODES: dict[State, int] = {
    "shown": DONE,
    "contradicted": CONTRADICTED,
    "inconclusive": INCONCLUSIVE,
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
    type=click.IntRange(1, 1000),
    metavar="N",
    help="How often to repeat each measurement."
    f"  [default: {DEFAULT_ROUNDS}; {QUICK_ROUNDS} with --quick]",
)
@click.option("--quick", is_flag=True, help="Fewer rounds and no patterns, for a quick look.")
@click.option(
    "--seed",
    type=click.IntRange(min=0),
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
@json_option
@markdown_option
@file_option("csv", "the tables")
@picture_options
@file_option("trace", "a timeline of all threads, for ui.perfetto.dev,")
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
    as_json: bool,
    as_markdown: bool,
    csv_file: Path | None,
    pictures: "Pictures",
    trace_file: Path | None,
    check: bool,
) -> int:
    """Call a C kernel from several threads, with the GIL held and released.

    Draws a picture of the threads, and shows how much faster several threads were,
    whether another Python thread could run meanwhile, and what that proves.
    """
    if size and input_file:
        raise click.UsageError("--size and --input exclude each other: a file has its own size")
    refuse_together(json=as_json, markdown=as_markdown)
    if trace_file and sections and not {"picture", "scaling"}.intersection(sections):
        raise click.UsageError("--trace needs --section picture or --section scaling")

    from gil_demo import arrays
    from gil_demo.api import MEASURED, default_threads, race
    from gil_demo.files import refuse_outputs, write_whole
    from gil_demo.host import machine
    from gil_demo.measuring.plan import refuse_impossible
    from gil_demo.native import kernels
    from gil_demo.report.csv import run_csv
    from gil_demo.report.document import run_document
    from gil_demo.report.kit.screen import progress_line, screen
    from gil_demo.report.markdown import run_markdown
    from gil_demo.report.run import RunBody, environment_line
    from gil_demo.report.trace import run_trace

    notes: Sequence[str] = ()
    outputs = {"--csv": csv_file, **pictures.files, "--trace": trace_file}
    refuse_outputs(outputs, {"--input": input_file})
    if input_file:
        array, notes = arrays.load(input_file, kernel)
    else:
        array = arrays.make(size or DEFAULT_SIZE, seed)
    threads = threads or default_threads()
    kernels.refuse_unsuitable(array, kernel)
    refuse_impossible(array, kernel, max(threads))
    console = screen()
    if not (as_json or as_markdown):
        console.print(environment_line(machine.environment()))
    with progress_line("Measuring") as progress:
        report = race(
            array,
            kernel=kernel,
            threads=threads,
            rounds=rounds or (QUICK_ROUNDS if quick else DEFAULT_ROUNDS),
            seed=seed,
            sections=sections or (MEASURED if quick else get_args(Section)),
            input_name=arrays.printable(input_file) if input_file else None,
            notes=notes,
            progress=progress,
        )
    if csv_file:
        write_whole(csv_file, run_csv(report.result))
    if trace_file:
        write_whole(trace_file, json.dumps(run_trace(report.result)))
    pictures.write(report, "gil-demo run")
    if as_json:
        console.document(run_document(report.result))
    elif as_markdown:
        console.as_it_is(run_markdown(report.result, console))
    else:
        console.print(RunBody(report.result))
    return CHECK_EXIT_CODES[report.result.verdict.state] if check else DONE
