"""`gil-demo list`: the patterns of the gallery."""

import click

from gil_demo.cli.output import JSON, MARKDOWN, Output, output_options
from gil_demo.exit_codes import DONE


@click.command(name="list")
@output_options(JSON | MARKDOWN)
def list_(*, output: Output) -> int:
    """List the patterns: each hazard, and the outcomes of its halves."""
    from gil_demo.gallery import registry
    from gil_demo.report.gallery_reports import ListReport

    output.emit(ListReport(registry.load_all()), "gil-demo list")
    return DONE
