"""`gil-demo try`: runs patterns."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING

import click

from gil_demo.cli.options import Whole, complete_pattern
from gil_demo.cli.output import JSON, MARKDOWN, Output, output_options
from gil_demo.exit_codes import OF_STATES
from gil_demo.limits import MAX_JOBS
from gil_demo.words import HALVES, Half

if TYPE_CHECKING:
    from gil_demo.gallery.subject import Subject
    from gil_demo.report.gallery_reports import TryReport
    from gil_demo.results.patterns import PatternRow


@click.command(name="try")
@click.argument("names", nargs=-1, shell_complete=complete_pattern)
@click.option("--all", "everything", is_flag=True, help="Try all patterns.")
@click.option("--half", type=click.Choice(HALVES), help="Try only this half.")
@click.option("--unforced", is_flag=True, help="Leave the interleaving of races to chance.")
@click.option(
    "--repeat",
    type=Whole(1, 100_000),
    metavar="N",
    default=1,
    show_default=True,
    help="How often to run each half.",
)
@click.option(
    "--jobs",
    type=Whole(1, MAX_JOBS),
    metavar="N",
    help="How many halves to run at once.  [default: the number of cores]",
)
@output_options(JSON | MARKDOWN, pictures=True, kept=True)
def try_(
    *,
    names: Sequence[str],
    everything: bool,
    half: Half | None,
    unforced: bool,
    repeat: int,
    jobs: int | None,
    from_file: Path | None,
    output: Output,
) -> int:
    """Run patterns, each half in a child process, and show the outcomes.

    The child processes crash, hang and abort; this process does not.
    """
    from gil_demo.report.gallery_reports import TryReport
    from gil_demo.report.kept import kept_trials
    from gil_demo.results.patterns import state_of

    if from_file:
        trials = kept_trials(from_file)
        report = TryReport(_sentences(trials.patterns), trials)
        names = list(report.sentences)
    else:
        report = _tried(names, everything, half, unforced, repeat, jobs)
    output.emit(report, _title(names))
    return OF_STATES[state_of(report.trials.patterns)]


def _tried(
    names: Sequence[str],
    everything: bool,
    half: Half | None,
    unforced: bool,
    repeat: int,
    jobs: int | None,
) -> "TryReport":
    """Run what was named."""
    from gil_demo.gallery import registry
    from gil_demo.host import machine
    from gil_demo.report.gallery_reports import TryReport
    from gil_demo.report.kit.screen import progress_line
    from gil_demo.results.patterns import TryResult
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
    halves: Sequence[Half] = ("unforced",) if unforced else (half,) if half else HALVES
    runs = [(subject, one) for subject in tried for one in halves for _ in range(repeat)]
    meter = machine.BusyMeter()
    with progress_line("Trying") as progress:
        rows = try_patterns(runs, jobs or machine.usable_cores(), progress)
    trials = TryResult(rows, machine.environment(meter.share()))
    return TryReport({subject.name: subject.sentence for subject in tried}, trials)


def _sentences(rows: Iterable["PatternRow"]) -> dict[str, str]:
    """Look up what each pattern is about; nothing where this version does not have it."""
    from gil_demo.gallery import registry

    sentences = {}
    for name in dict.fromkeys(row.name for row in rows):
        try:
            sentences[name] = " ".join(subject.sentence for subject in registry.subjects(name))
        except registry.UnknownPattern:
            sentences[name] = ""
    return sentences


def _title(names: Sequence[str]) -> str:
    """Return the command as typed, as far as it fits above a picture."""
    return shorten(f"gil-demo try {' '.join(names) or '--all'}", 80, placeholder=" ...")
