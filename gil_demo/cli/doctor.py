"""`gil-demo doctor`: the machine, the interpreter and the build."""

from collections.abc import Sequence

import click

from gil_demo.cli.output import JSON, Output, output_options
from gil_demo.exit_codes import CONTRADICTED, DONE


@click.command()
@click.argument("module", nargs=-1)
@output_options(JSON)
def doctor(*, module: Sequence[str], output: Output) -> int:
    """Describe machine, interpreter and build, and what follows for the demonstrations.

    Imports each MODULE, too, in a process of its own, as if PYTHON_GIL were not set, and says
    whether the import works and, in a build of Python that can run without a GIL, whether it
    turned the GIL on. Exits with 1 if one of them cannot be imported or turned the GIL on.
    """
    from dataclasses import replace

    from gil_demo.host.doctor import examine
    from gil_demo.interrupts import interrupts_caught
    from gil_demo.report.doctor import DoctorReport
    from gil_demo.sandbox.imports import import_alone, refuse_no_modules

    refuse_no_modules(module)
    with interrupts_caught():
        imports = tuple(import_alone(one) for one in module)
    output.emit(DoctorReport(replace(examine(), imports=imports)), "gil-demo doctor")
    return DONE if all(one.good for one in imports) else CONTRADICTED
