"""`gil-demo watch`: who had the GIL in a program of one's own, who waited, at which line."""

import contextlib
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import click

from gil_demo.cli.options import Whole
from gil_demo.cli.output import FROM_OPTION, SHOWING, file_option, refuse_all_but
from gil_demo.cli.program import ProgramCommand, program_argument
from gil_demo.exit_codes import CONTRADICTED, INCONCLUSIVE

if TYPE_CHECKING:
    from gil_demo.host.launch import Ending, Program
    from gil_demo.results.watching import WatchResult

UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}


def seconds(text: str) -> float:
    """Read a time above 0 with its unit: 50ms, 1.5s. Anything else is a usage error."""
    match = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,9})?) ?(us|ms|s)", text.strip().lower())
    value = float(match[1]) * UNITS[match[2]] if match else 0.0
    if not value:
        raise click.BadParameter(f"{text!r} is not a time: give one with its unit, as in 50ms")
    return value


class Outputs(NamedTuple):
    """The files that the report is to be written to, if any."""

    json: Path | None
    csv: Path | None
    markdown: Path | None
    svg: Path | None
    html: Path | None
    trace: Path | None

    def refuse(self, read: Path | None) -> None:
        """Raise if one of them cannot be written, or is the one that is read."""
        from gil_demo.files import refuse_outputs

        outputs = {f"--{name}": getattr(self, name) for name in self._fields}
        refuse_outputs(outputs, {"--from": read})

    def write(self, result: "WatchResult") -> None:
        """Write each file that was asked for."""
        from gil_demo.files import write_whole
        from gil_demo.report.watching_document import watch_texts

        for name, text in watch_texts(result).items():
            file = getattr(self, name)
            if file:
                write_whole(file, text())


@click.command(cls=ProgramCommand)
@program_argument
@file_option("json", "the whole result, as a JSON document,")
@file_option("csv", "the figures, as CSV,")
@file_option("markdown", "the report, as Markdown,")
@file_option("svg", "the report, as an SVG,")
@file_option("html", "a page with a timeline to zoom and search")
@file_option("trace", "a trace for ui.perfetto.dev")
@click.option(
    "--alarm",
    metavar="TIME",
    type=seconds,
    help="Report on standard error when a hold makes another thread wait that long.",
)
@click.option(
    "--ask-every",
    metavar="TIME",
    type=seconds,
    help="Let a thread of its own ask for the GIL that often: finds what blocks an event loop.",
)
@click.option(
    "--fail-over",
    metavar="TIME",
    type=seconds,
    help="Exit with 1 if a hold made another thread wait longer.",
)
@click.option(
    "--max-holds",
    metavar="N",
    type=Whole(1, 1 << 28),
    default=1 << 21,
    show_default=True,
    help="Keep that many pairs of hand-overs, of 40 bytes each.",
)
@click.option("-q", "--quiet", is_flag=True, help="Do not show the report.")
@FROM_OPTION
def watch(
    *,
    program: "Program | None",
    json_file: Path | None,
    csv_file: Path | None,
    markdown_file: Path | None,
    svg_file: Path | None,
    html_file: Path | None,
    trace_file: Path | None,
    alarm: float | None,
    ask_every: float | None,
    fail_over: float | None,
    max_holds: int,
    quiet: bool,
    from_file: Path | None,
) -> int:
    """Run a program, and tell who had the GIL when, who waited for whom, at which line.

    The program runs as under Python itself, and keeps its standard output and its exit
    code. The report goes to standard error when it has ended.
    """
    outputs = Outputs(json_file, csv_file, markdown_file, svg_file, html_file, trace_file)
    if program is None:
        refuse_all_but({*SHOWING, *(f"{name}_file" for name in Outputs._fields)})
        outputs.refuse(from_file)
        assert from_file is not None
        return _show_kept(from_file, outputs, fail_over, quiet)
    from gil_demo.host.launch import refuse_missing
    from gil_demo.watching.watch import watch_program

    refuse_missing(program)
    outputs.refuse(None)
    watch_so = partial(
        watch_program,
        program,
        alarm_seconds=alarm,
        ask_every_seconds=ask_every,
        max_holds=max_holds,
    )
    return _run(watch_so, outputs, fail_over, quiet)


def _run(
    run: "Callable[..., tuple[WatchResult | None, Ending]]",
    outputs: Outputs,
    fail_over: float | None,
    quiet: bool,
) -> NoReturn:
    """Run and watch a program, report, and end as it ended."""
    from gil_demo.host.launch import leave

    def report(result: "WatchResult") -> None:
        if not quiet:
            _report(result)
        outputs.write(result)

    result, ending = run(on_terminate=report)
    if result is None:
        leave(ending)  # a child that the program forked has come to its end
    report(result)
    code = _verdict(result, fail_over)
    leave(ending, code if ending.exit_code == 0 and code else None)


def _show_kept(file: Path, outputs: Outputs, fail_over: float | None, quiet: bool) -> int:
    """Show what --json wrote before: on standard output, which no program needs."""
    from gil_demo.report.kept_watching import kept_watch
    from gil_demo.report.kit.screen import screen
    from gil_demo.report.watching import WatchReport

    result = kept_watch(file)
    outputs.write(result)
    if not quiet:
        screen().print(WatchReport(result))
    return _verdict(result, fail_over)


def _report(result: "WatchResult") -> None:
    """Draw the report on standard error, if somebody listens."""
    from gil_demo.report.kit.screen import error_screen
    from gil_demo.report.watching import ProgramReport

    console = error_screen()
    if console is not None:
        with contextlib.suppress(OSError):
            console.print(ProgramReport(result))


def _verdict(result: "WatchResult", fail_over: float | None) -> int:
    """Compare the longest wait that a hold caused with what is allowed; 0 if all is well."""
    if fail_over is None:
        return 0
    if result.longest_wait_seconds > fail_over:
        worst = max(result.holds, key=lambda hold: hold.longest_wait_ns)
        click.echo(
            f"gil-demo: a hold by {worst.thread} made another thread wait for"
            f" {result.longest_wait_seconds * 1e3:.1f} ms; allowed: {fail_over * 1e3:g} ms",
            err=True,
        )
        return CONTRADICTED
    longest = max((one.longest_wait_seconds for one in result.threads), default=0.0)
    if result.lost_events and longest > fail_over:
        click.echo("gil-demo: cannot say: there was no room for all hand-overs", err=True)
        return INCONCLUSIVE
    return 0
