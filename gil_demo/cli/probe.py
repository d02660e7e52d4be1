"""`gil-demo probe`: does this statement release the GIL?"""

import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING

import click

from gil_demo.cli.options import Whole
from gil_demo.cli.output import JSON, MARKDOWN, Output, output_options
from gil_demo.exit_codes import CONTRADICTED, DONE, INCONCLUSIVE

if TYPE_CHECKING:
    from gil_demo.report.kept_watching import KeptProbe


@click.command()
@click.argument("statement", nargs=-1)
@click.option("-s", "--setup", multiple=True, help="Run this once before, and do not measure it.")
@click.option(
    "-n",
    "--calls",
    type=Whole(1, 1_000_000),
    metavar="N",
    help="How often to run the statement.  [default: for 0.2 s]",
)
@click.option(
    "--expect",
    type=click.Choice(["releases", "holds"]),
    help="Exit with 1 unless the statement does that.",
)
@click.option("--numpy", is_flag=True, help="Probe the functions of the installed NumPy instead.")
@click.option(
    "--file",
    "statements_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Probe the statements of this TOML file instead.",
)
@click.option("--selftest", is_flag=True, help="Compare with known truth on this machine instead.")
@output_options(JSON | MARKDOWN, pictures=True, kept=True)
def probe(
    *,
    statement: Sequence[str],
    setup: Sequence[str],
    calls: int | None,
    expect: str | None,
    numpy: bool,
    statements_file: Path | None,
    selftest: bool,
    from_file: Path | None,
    output: Output,
) -> int:
    """Tell whether a statement releases the GIL, from every hand-over while it runs.

    Used like python -m timeit: several STATEMENTs are the lines of one.
    """
    if from_file:
        return _kept(from_file, expect, output)
    ways = [bool(statement), numpy, statements_file is not None, selftest]
    if sum(ways) != 1:
        raise click.UsageError("give one of: a statement, --numpy, --file FILE, --selftest")
    if not statement and (setup or calls or expect):
        raise click.UsageError("--setup, --calls and --expect go with a statement")
    if selftest:
        return _selftest(output)
    if statement:
        return _one("\n".join(statement), "\n".join(setup), calls, expect, output)
    return _table(statements_file, output)


def _one(statement: str, setup: str, calls: int | None, expect: str | None, output: Output) -> int:
    from gil_demo.interrupts import interrupts_caught
    from gil_demo.report.watching_probe import ProbeReport
    from gil_demo.watching.probe import compiled, inconclusive, needs_path
    from gil_demo.watching.probe import probe as measure

    needs_path()
    with interrupts_caught(), contextlib.redirect_stdout(sys.stderr):
        try:
            function = compiled(statement, setup)
        except SyntaxError as error:
            raise click.UsageError(f"this is not Python: {error}") from None
        except Exception as error:
            result = inconclusive(statement, f"its setup raised {type(error).__name__}: {error}")
        else:
            result = measure(function, calls=calls, name=statement)
    return _show(ProbeReport(result), expect, output)


def _kept(file: Path, expect: str | None, output: Output) -> int:
    """Show what --json printed before, with the exit code that it had."""
    from gil_demo.report.kept_watching import kept_probe

    return _show(kept_probe(file), expect, output)


def _show(report: "KeptProbe", expect: str | None, output: Output) -> int:
    """Show the report in the form that was chosen, and return its exit code."""
    from gil_demo.report.watching_probe import ProbeReport, ProbesTable

    if not isinstance(report, ProbeReport):
        if expect:
            raise click.UsageError("--expect goes with a statement")
        output.emit(report, "gil-demo probe")
        if isinstance(report, ProbesTable):
            unknown = any(row.result.state == "inconclusive" for row in report.rows)
            return INCONCLUSIVE if unknown else DONE
        return DONE if report.kept else CONTRADICTED
    result = report.result
    title = shorten(f"gil-demo probe {result.statement}", 80, placeholder="...")
    output.emit(report, title)
    if result.state == "inconclusive":
        return INCONCLUSIVE
    return DONE if expect in (None, result.state) else CONTRADICTED


def _table(file: Path | None, output: Output) -> int:
    from gil_demo.report.kit.screen import progress_line
    from gil_demo.report.watching_probe import ProbesTable
    from gil_demo.watching.probe import needs_path
    from gil_demo.watching.statements import numpy_statements, read

    needs_path()
    statements = numpy_statements() if file is None else read(file)
    rows = []
    with progress_line("Probing") as progress, contextlib.redirect_stdout(sys.stderr):
        for done, one in enumerate(statements, start=1):
            rows.append(one.probe())
            progress(done, len(statements))
    if file is None:
        import numpy

        title = f"Which functions of NumPy {numpy.__version__} release the GIL?"
    else:
        title = f"Which statements of {file.name} release the GIL?"
    return _show(ProbesTable(tuple(rows), title), None, output)


def _selftest(output: Output) -> int:
    from gil_demo.report.kit.screen import progress_line
    from gil_demo.report.watching_probe import SelfTestReport
    from gil_demo.watching.selftest import MAX_ERROR_POINTS
    from gil_demo.watching.selftest import selftest as measure

    with progress_line("Comparing") as progress:
        rows = tuple(measure(progress))
    return _show(SelfTestReport(rows, MAX_ERROR_POINTS), None, output)
