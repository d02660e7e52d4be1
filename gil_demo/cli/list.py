"""`gil-demo list`: the patterns of the gallery."""

from collections.abc import Sequence

import click

from gil_demo.cli.output import JSON, MARKDOWN, Output, output_options
from gil_demo.exit_codes import DONE


@click.command(name="list")
@click.argument("words", nargs=-1, metavar="[WORD]...")
@output_options(JSON | MARKDOWN)
def list_(*, words: Sequence[str], output: Output) -> int:
    """List the patterns: each hazard, and the outcomes of its halves.

    With words, list only the patterns that have them in their page: a word for what you see
    ('deadlock'), the name of a C function, or an error message.
    """
    from gil_demo.gallery import registry
    from gil_demo.report.gallery_reports import ListReport

    found = registry.search(" ".join(words)) if words else registry.load_all()
    output.emit(ListReport(found), "gil-demo list")
    return DONE
