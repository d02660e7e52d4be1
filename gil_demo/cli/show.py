"""`gil-demo show`: one page of the gallery."""

import click

from gil_demo.cli.options import complete_pattern
from gil_demo.cli.output import MARKDOWN, Output, output_options
from gil_demo.exit_codes import DONE

C_FORMS = {
    "c": "Print only the C, as it was compiled.",
    "diff": "Print the differences between the unsafe half and the safe half.",
}


@click.command()
@click.argument("name", shell_complete=complete_pattern)
@output_options(C_FORMS | MARKDOWN, pictures=True, slides=True)
def show(*, name: str, output: Output) -> int:
    """Show a pattern's page, its C unsafe beside safe.

    'gilexample' is the question's own program.
    """
    from gil_demo.gallery import registry
    from gil_demo.gallery.question.page import NAME, sources
    from gil_demo.report.gallery_reports import PageReport, WalkthroughReport

    if name == NAME:
        output.emit(WalkthroughReport(*sources()), f"gil-demo show {name}")
    else:
        output.emit(PageReport(registry.find(name)), f"gil-demo show {name}")
    return DONE
