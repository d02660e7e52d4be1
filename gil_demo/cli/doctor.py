"""`gil-demo doctor`: where we are."""

import click

from gil_demo.cli.options import json_option
from gil_demo.exit_codes import DONE


@click.command()
@json_option
def doctor(*, as_json: bool) -> int:
    """Tell what machine, interpreter and build this is, and what follows from it."""
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
