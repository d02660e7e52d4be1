"""`gil-demo show`: one page of the gallery."""

from typing import TYPE_CHECKING

import click

from gil_demo.cli.options import complete_pattern, markdown_option, picture_options, refuse_together
from gil_demo.exit_codes import DONE

if TYPE_CHECKING:
    from gil_demo.report.kit.pictures import Pictures


@click.command()
@click.argument("name", shell_complete=complete_pattern)
@click.option("--c", "bare_c", is_flag=True, help="Print only the C, as it was compiled.")
@click.option(
    "--diff", is_flag=True, help="Print the differences between the unsafe half and the safe half."
)
@markdown_option
@picture_options
def show(*, name: str, bare_c: bool, diff: bool, as_markdown: bool, pictures: "Pictures") -> int:
    """Show a pattern's page, its C unsafe beside safe.

    'gilexample' is the question's own program.
    """
    refuse_together(c=bare_c, diff=diff, markdown=as_markdown)

    from gil_demo.csource import halves
    from gil_demo.files import refuse_outputs
    from gil_demo.gallery import registry
    from gil_demo.gallery.question.page import NAME, sources
    from gil_demo.report.gallery import Page, Walkthrough
    from gil_demo.report.kit.screen import screen
    from gil_demo.report.markdown import show_markdown, walkthrough_markdown

    page: Page | Walkthrough
    if name == NAME:
        code, mended = sources()
        page = Walkthrough(code, mended)
        markdown = walkthrough_markdown(code, mended)
        difference = halves.files_diff(code, mended, name)
    else:
        pattern = registry.find(name)
        code = pattern.source
        page = Page(pattern)
        markdown = show_markdown(pattern)
        difference = halves.unified(code, name)
    refuse_outputs(pictures.files, {})
    pictures.write(page, f"gil-demo show {name}")
    console = screen()
    if bare_c:
        console.as_it_is(code)
    elif diff:
        console.as_it_is(difference)
    elif as_markdown:
        console.as_it_is(markdown)
    else:
        console.print(page)
    return DONE
