"""`gil-demo show`: one page of the gallery."""

import click

from gil_demo.cli.options import complete_pattern
from gil_demo.constants import DONE


@click.command()
@click.argument("name", shell_complete=complete_pattern)
@click.option("--c", "bare_c", is_flag=True, help="Print the C as it was compiled, and no page.")
@click.option("--diff", is_flag=True, help="Print what differs from the unsafe half to the safe.")
def show(*, name: str, bare_c: bool, diff: bool) -> int:
    """Show a pattern's page, its C unsafe beside safe.

    'gilexample' is the question's own program.
    """
    from gil_demo.gallery import gilexample, registry, source
    from gil_demo.report.gallery import Page, Walkthrough
    from gil_demo.report.screen import screen

    console = screen()
    if name == gilexample.NAME:
        asked, mended = gilexample.sources()
        if bare_c:
            console.out(asked, end="", highlight=False)
        elif diff:
            console.out(source.files_diff(asked, mended, name), end="", highlight=False)
        else:
            console.print(Walkthrough(asked, mended))
        return DONE
    pattern = registry.find(name)
    if bare_c:
        console.out(pattern.source, end="", highlight=False)
    elif diff:
        console.out(source.unified(pattern.source, pattern.name), end="", highlight=False)
    else:
        console.print(Page(pattern))
    return DONE
