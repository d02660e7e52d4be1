"""`gil-demo try`: runs patterns."""

from collections.abc import Sequence
from textwrap import shorten
from typing import TYPE_CHECKING

import click

from gil_demo.cli.options import (
    complete_pattern,
    json_option,
    markdown_option,
    picture_options,
    refuse_together,
)
from gil_demo.exit_codes import CONTRADICTED, DONE, INCONCLUSIVE
from gil_demo.limits import MAX_JOBS
from gil_demo.words import Half

if TYPE_CHECKING:
    from gil_demo.gallery.subject import Subject
    from gil_demo.report.kit.pictures import Pictures


@click.command(name="try")
@click.argument("names", nargs=-1, shell_complete=complete_pattern)
@click.option("--all", "everything", is_flag=True, help="Try all patterns.")
@click.option("--half", type=click.Choice(["unsafe", "safe"]), help="Try only this half.")
@click.option("--unforced", is_flag=True, help="Leave the interleaving of races to chance.")
@click.option(
    "--repeat",
    type=click.IntRange(1, 100_000),
    metavar="N",
    default=1,
    show_default=True,
    help="How often to run each half.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1, MAX_JOBS),
    metavar="N",
    help="How many halves to run at once.  [default: the number of cores]",
)
@json_option
@markdown_option
@picture_options
def try_(
    *,
    names: Sequence[str],
    everything: bool,
    half: Half | None,
    unforced: bool,
    repeat: int,
    jobs: int | None,
    as_json: bool,
    as_markdown: bool,
    pictures: "Pictures",
) -> int:
    """Run patterns, each half in a child process, and show the outcomes.

    The child processes crash, hang and abort; this process does not.
    """
    refuse_together(json=as_json, markdown=as_markdown)

    from gil_demo.files import refuse_outputs
    from gil_demo.gallery import registry
    from gil_demo.host import machine
    from gil_demo.report.document import try_document
    from gil_demo.report.gallery import Trial
    from gil_demo.report.kit.screen import progress_line, screen
    from gil_demo.report.markdown import try_markdown
    from gil_demo.sandbox.rows import try_patterns

    if bool(names) == everything:
        raise click.UsageError("give the names of patterns, or --all; 'gil-demo list' has them")
    tried: Sequence[Subject] = (
        registry.load_all()
        if everything
        else [subject for name in names for subject in registry.subjects(name)]
    )
    if unforced:
        tried = [subject for subject in tried if subject.has_unforced]
        if not tried:
            raise click.UsageError(
                "--unforced is for patterns that are races, and none of these is one"
            )
    refuse_outputs(pictures.files, {})
    halves: Sequence[Half] = ("unforced",) if unforced else (half,) if half else ("unsafe", "safe")
    runs = [(subject, one) for subject in tried for one in halves for _ in range(repeat)]
    with progress_line("Trying") as progress:
        rows = try_patterns(runs, jobs or machine.usable_cores(), progress)
    pictures.write(Trial(tried, rows), _title(names))
    console = screen()
    if as_json:
        console.document(try_document(rows))
    elif as_markdown:
        console.as_it_is(try_markdown(tried, rows))
    else:
        console.print(Trial(tried, rows))
    if unforced or all(row.as_expected == row.runs for row in rows):
        return DONE
    certain = [row.runs - row.as_expected - row.outcomes.get("unfinished", 0) for row in rows]
    return CONTRADICTED if any(certain) else INCONCLUSIVE


def _title(names: Sequence[str]) -> str:
    """Return the command as typed, as far as it fits above a picture."""
    return shorten(f"gil-demo try {' '.join(names) or '--all'}", 80, placeholder=" ...")
