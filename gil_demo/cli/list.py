"""`gil-demo list`: the patterns of the gallery."""

import click

from gil_demo.cli.options import json_option, markdown_option, refuse_together
from gil_demo.exit_codes import DONE


@click.command(name="list")
@json_option
@markdown_option
def list_(*, as_json: bool, as_markdown: bool) -> int:
    """List the patterns: each hazard, and the outcomes of its halves."""
    refuse_together(json=as_json, markdown=as_markdown)

    from gil_demo.gallery import registry
    from gil_demo.report.document import list_document
    from gil_demo.report.gallery import gallery_table
    from gil_demo.report.kit.screen import screen
    from gil_demo.report.markdown import list_markdown

    patterns = registry.load_all()
    console = screen()
    if as_json:
        console.document(list_document(patterns))
    elif as_markdown:
        console.as_it_is(list_markdown(patterns))
    else:
        console.print(gallery_table(patterns))
    return DONE
