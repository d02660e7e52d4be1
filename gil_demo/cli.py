"""The command line: options in, a report out. Everything heavy is imported when needed."""

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import click

from gil_demo.constants import (
    BAD_INPUT,
    CONTRADICTED,
    DEFAULT_ROUNDS,
    DEFAULT_SIZE,
    DONE,
    INCONCLUSIVE,
    MOST_JOBS,
    MOST_THREADS,
    QUICK_ROUNDS,
)
from gil_demo.errors import BadInput
from gil_demo.words import Half, Kernel, Section, State

CHECK_EXIT_CODES: dict[State, int] = {
    "shown": DONE,
    "contradicted": CONTRADICTED,
    "inconclusive": INCONCLUSIVE,
}

MULTIPLES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}


def elements(text: str) -> int:
    """A whole number, 1 or more; 20M is 20,000,000. Anything else is a usage error."""
    match = re.fullmatch(r"([0-9]{1,18})([kmg]?)", text.strip().lower())
    size = int(match[1]) * MULTIPLES[match[2]] if match else 0
    if size < 1:
        raise click.BadParameter(
            f"{text!r} is not a number of elements: give 1 or more, as in 500k or 20M"
        )
    return size


def thread_counts(text: str) -> tuple[int, ...]:
    """Numbers separated by commas. Anything else is a usage error."""
    counts = [int(part) if part.strip().isdecimal() else 0 for part in text.split(",")]
    if not all(1 <= count <= MOST_THREADS for count in counts):
        raise click.BadParameter(
            f"{text!r} does not say how many threads: give numbers from 1 to {MOST_THREADS},"
            " as in 1,2,4"
        )
    return tuple(counts)


CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def _print_version(ctx: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        click.echo(f"gil-demo {version('gil-demo')}")
        ctx.exit()


def complete_pattern(_: click.Context, __: click.Parameter, begun: str) -> list[str]:
    """The names of patterns that begin like that, for the shell."""
    from gil_demo.gallery import gilexample, registry

    names = [*(one.name for one in registry.load_all()), gilexample.NAME]
    return [name for name in names if name.startswith(begun)]


@click.group(context_settings=CONTEXT, invoke_without_command=True)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Print the version and exit.",
)
@click.pass_context
def cli(ctx: click.Context) -> None:
    """May my C code touch a NumPy array while the GIL is released?

    Start with 'gil-demo run'.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@cli.command()
@click.option(
    "--kernel",
    type=click.Choice(get_args(Kernel)),
    default="sum",
    show_default=True,
    help="The C loop: sum has one accumulator, sum_wide many; scale writes; spin uses no memory.",
)
@click.option(
    "--size",
    type=elements,
    metavar="N",
    help=f"Elements of the array, as in 500k or 20M.  [default: {DEFAULT_SIZE:,}]",
)
@click.option(
    "--input",
    "input_file",
    type=click.Path(path_type=Path),
    metavar="FILE.npy",
    help="Work on this array instead; it is memory-mapped and never written.",
)
@click.option(
    "--threads",
    type=thread_counts,
    metavar="N,N,...",
    help="How many threads at once, as in 1,2,4.  [default: 1,2,4,8 up to the cores]",
)
@click.option(
    "--rounds",
    type=click.IntRange(1, 1000),
    metavar="N",
    help="How often to repeat each measurement."
    f"  [default: {DEFAULT_ROUNDS}; {QUICK_ROUNDS} with --quick]",
)
@click.option("--quick", is_flag=True, help="Fewer rounds and no patterns, for a quick look.")
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    metavar="N",
    default=0,
    show_default=True,
    help="Of the array and of the order in each round.",
)
@click.option(
    "--section",
    "sections",
    type=click.Choice(get_args(Section)),
    multiple=True,
    help="Measure only this part; may be given again for another.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
@click.option(
    "--csv",
    "csv_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Also write the tables to this file.",
)
@click.option(
    "--svg",
    "svg_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Also write what the screen shows to this file.",
)
@click.option(
    "--check",
    is_flag=True,
    help="Say the verdict with the exit code: 0 shown, 1 contradicted, 3 inconclusive.",
)
def run(
    *,
    kernel: Kernel,
    size: int | None,
    input_file: Path | None,
    threads: tuple[int, ...] | None,
    rounds: int | None,
    quick: bool,
    seed: int,
    sections: Sequence[Section],
    as_json: bool,
    csv_file: Path | None,
    svg_file: Path | None,
    check: bool,
) -> int:
    """Call a C kernel from several threads, with the GIL held and released.

    Draws what happened, and shows how much faster several threads were, who else
    got to run meanwhile, and what that proves.
    """
    if size and input_file:
        raise click.UsageError("--size and --input exclude each other: a file has its own size")

    from gil_demo import arrays, machine, native
    from gil_demo.api import MEASURED, default_threads, race
    from gil_demo.measuring.plan import refuse_impossible
    from gil_demo.report.csv import run_csv
    from gil_demo.report.document import run_document
    from gil_demo.report.files import refuse_unwritable, write_whole
    from gil_demo.report.run import RunBody, environment_line
    from gil_demo.report.screen import progress_line, screen, svg

    notes: Sequence[str] = ()
    outputs = [file for file in (csv_file, svg_file) if file]
    files = [file.resolve() for file in (*outputs, input_file) if file]
    if len(set(files)) < len(files):
        raise click.UsageError("--input, --csv and --svg must each name a file of their own")
    for file in outputs:
        refuse_unwritable(file)
    if input_file:
        array, notes = arrays.load(input_file, kernel)
    else:
        array = arrays.make(size or DEFAULT_SIZE, seed)
    threads = threads or default_threads()
    native.refuse_unsuitable(array, kernel)
    refuse_impossible(array, kernel, max(threads))
    console = screen()
    if not as_json:
        console.print(environment_line(machine.environment()))
    with progress_line("Measuring") as progress:
        report = race(
            array,
            kernel=kernel,
            threads=threads,
            rounds=rounds or (QUICK_ROUNDS if quick else DEFAULT_ROUNDS),
            seed=seed,
            sections=sections or (MEASURED if quick else get_args(Section)),
            input_name=arrays.printable(input_file) if input_file else None,
            notes=notes,
            progress=progress,
        )
    if csv_file:
        write_whole(csv_file, run_csv(report.result))
    if svg_file:
        write_whole(svg_file, svg(report, "gil-demo run"))
    if as_json:
        console.document(run_document(report.result))
    else:
        console.print(RunBody(report.result))
    return CHECK_EXIT_CODES[report.result.verdict.state] if check else DONE


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
def doctor(*, as_json: bool) -> int:
    """Tell what machine, interpreter and build this is, and what follows from it."""
    from gil_demo.doctor import examine
    from gil_demo.report.doctor import doctor_table
    from gil_demo.report.document import doctor_document
    from gil_demo.report.screen import screen

    examination = examine()
    console = screen()
    if as_json:
        console.document(doctor_document(examination))
    else:
        console.print(doctor_table(examination))
    return DONE


@cli.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
def list_(*, as_json: bool) -> int:
    """List the patterns: each hazard, and what its halves end in."""
    from gil_demo.gallery import registry
    from gil_demo.report.document import list_document
    from gil_demo.report.gallery import gallery_table
    from gil_demo.report.screen import screen

    patterns = registry.load_all()
    console = screen()
    if as_json:
        console.document(list_document(patterns))
    else:
        console.print(gallery_table(patterns))
    return DONE


@cli.command()
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


@cli.command(name="try")
@click.argument("names", nargs=-1, shell_complete=complete_pattern)
@click.option("--all", "everything", is_flag=True, help="Try every pattern there is.")
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
    type=click.IntRange(1, MOST_JOBS),
    metavar="N",
    help="How many to run at once.  [default: the cores]",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
def try_(
    *,
    names: Sequence[str],
    everything: bool,
    half: Half | None,
    unforced: bool,
    repeat: int,
    jobs: int | None,
    as_json: bool,
) -> int:
    """Run patterns, each half in a child process, and show what came of it.

    The children crash, hang and abort; this process does not.
    """
    from gil_demo import machine
    from gil_demo.gallery import registry, sandbox
    from gil_demo.report.document import try_document
    from gil_demo.report.gallery import Trial
    from gil_demo.report.screen import progress_line, screen

    if bool(names) == everything:
        raise click.UsageError("give the names of patterns, or --all; 'gil-demo list' has them")
    tried: Sequence[registry.Subject] = (
        registry.load_all()
        if everything
        else [subject for name in names for subject in registry.subjects(name)]
    )
    if unforced:
        tried = [subject for subject in tried if subject.has_unforced]
        if not tried:
            raise click.UsageError("--unforced is for races, and none of these is one")
    halves: Sequence[Half] = ("unforced",) if unforced else (half,) if half else ("unsafe", "safe")
    runs = [(subject, one) for subject in tried for one in halves for _ in range(repeat)]
    with progress_line("Trying") as progress:
        rows = sandbox.try_patterns(runs, jobs or machine.usable_cores(), progress)
    console = screen()
    if as_json:
        console.document(try_document(rows))
    else:
        console.print(Trial(tried, rows))
    if unforced or all(row.as_expected == row.runs for row in rows):
        return DONE
    certain = [row.runs - row.as_expected - row.outcomes.get("unfinished", 0) for row in rows]
    return CONTRADICTED if any(certain) else INCONCLUSIVE


def run_command_line(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command line and return its exit code.

    Whatever is wrong with what the person gave is said in one line on standard
    error. KeyboardInterrupt passes through.
    """
    output = sys.stdout
    try:
        code: int | None = cli.main(arguments, "gil-demo", standalone_mode=False)
    except click.Abort:
        raise KeyboardInterrupt from None
    except SystemExit:
        if sys.stdout is not output:  # click replaces what nobody reads any more, and exits
            return DONE
        raise
    except click.ClickException as error:
        problem = error.format_message()
    except (BadInput, OSError, MemoryError) as error:
        problem = str(error) or type(error).__name__
    else:
        return code or DONE
    click.echo(f"gil-demo: {' '.join(problem.split())}", err=True)
    return BAD_INPUT
