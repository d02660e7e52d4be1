"""`gil-demo guard`: a program with guarded array data."""

from typing import TYPE_CHECKING

import click

from gil_demo.cli.options import Whole
from gil_demo.cli.output import JSON, Output, output_options
from gil_demo.cli.program import ProgramCommand, program_argument

if TYPE_CHECKING:
    from gil_demo.host.launch import Program
    from gil_demo.results.guard import Edge

EDGES: "dict[str, tuple[Edge, ...]]" = {
    "end": ("end",),
    "start": ("start",),
    "both": ("end", "start"),
}
ALIGNMENTS = {"natural": 0, "8": 8, "16": 16}


@click.command(cls=ProgramCommand, context_settings={"allow_interspersed_args": False})
@click.option(
    "--edge",
    type=click.Choice(list(EDGES)),
    default="end",
    show_default=True,
    help="Which end of the data lies at inaccessible memory; both: a run for each, the second"
    " one if the first finds no fault.",
)
@click.option(
    "--align",
    type=click.Choice(list(ALIGNMENTS)),
    default="natural",
    show_default=True,
    help="Alignment of the data in bytes. natural: as their size allows, so that not one byte"
    " past the end is accessible; 16: as malloc aligns.",
)
@click.option(
    "--sample",
    type=Whole(min=1),
    default=1,
    metavar="N",
    help="Guard one array in N, for a service that has to stay fast.",
)
@click.option(
    "--poison",
    is_flag=True,
    help="Fill and check memory instead of making it inaccessible: cheaper, sees writes only,"
    " and later.",
)
@click.option(
    "--quarantine",
    type=Whole(min=0),
    metavar="N",
    help="How many freed arrays stay inaccessible.  [default: 262144]",
)
@click.option(
    "--children/--no-children",
    default=True,
    show_default=True,
    help="Guard the Python processes that the program starts, too.",
)
@output_options(JSON)
@program_argument
def guard(
    *,
    edge: str,
    align: str,
    sample: int,
    poison: bool,
    quarantine: int | None,
    children: bool,
    output: Output,
    program: "Program",
) -> int:
    """Run a program with guarded NumPy data, and report each faulty access.

    C that reads freed data, or past an end, is stopped at that instruction; the report names the
    array, where it was made and freed, and the line. The program runs as Python would run it. Its
    exit code is kept, 128 + N if signal N ends it, and 1 if something wrote outside of an array.
    """
    from gil_demo.guarding.run import run_guarded
    from gil_demo.native.guard import settings
    from gil_demo.report.guard import GuardReport, closing_lines, report_text

    chosen = [
        settings(
            edge=one,
            alignment=ALIGNMENTS[align],
            sample=sample,
            method="poison" if poison else None,
            quarantine=quarantine,
        )
        for one in EDGES[edge]
    ]
    result = run_guarded(
        program,
        chosen,
        children=children,
        quiet=output.form is not None,
        tell=lambda report: click.echo(report_text(report), err=True, nl=False),
    )
    if output.form:
        output.emit(GuardReport(result), "gil-demo guard")
    for run in result.runs:
        named = f" (--edge {run.settings.edge})" if len(result.runs) > 1 else ""
        for line in closing_lines(run):
            click.echo(f"gil-demo guard{named}: {line}", err=True)
    return result.exit_code
