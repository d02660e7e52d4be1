"""`gil-demo doctor`: the machine, the interpreter and the build."""

import click

from gil_demo.cli.options import json_option
from gil_demo.exit_codes import DONE


@click.command()
@json_option
def doctor(*, as_json: bool) -> int:
    """Describe machine, interpreter and build, and what follows for the demonstrations."""
    from gil_demo.host.doctor import examine
    from gil_demo.report.doctor import doctor_table
    from gil_demo.report.document import doctor_document
    from gil_demo.report.kit.screen import screen

    examination = examine()
    console = screen()
    if as_json:
        console.document(doctor_document(examination))
    else:
        console.print(doctor_table(examination))
    return DONE
