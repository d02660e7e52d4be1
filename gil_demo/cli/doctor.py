"""`gil-demo doctor`: the machine, the interpreter and the build."""

import click

from gil_demo.cli.output import JSON, Output, output_options
from gil_demo.exit_codes import DONE


@click.command()
@output_options(JSON)
def doctor(*, output: Output) -> int:
    """Describe machine, interpreter and build, and what follows for the demonstrations."""
    from gil_demo.host.doctor import examine
    from gil_demo.report.doctor import DoctorReport

    output.emit(DoctorReport(examine()), "gil-demo doctor")
    return DONE
