"""`gil-demo check`: what is unsafe in somebody's own C where the GIL is released."""

from pathlib import Path
from typing import get_args

import click

from gil_demo.exit_codes import BAD_INPUT, CONTRADICTED, DONE
from gil_demo.files import read_whole
from gil_demo.words import Level

FORMATS = ("text", "json", "sarif", "github")


def complete_rule(_: click.Context, __: click.Parameter, begun: str) -> list[str]:
    """Return the names of rules that begin like that, for the shell."""
    from gil_demo.check.rule import load_all

    return [rule.name for rule in load_all() if rule.name.startswith(begun)]


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")
@click.option(
    "--level",
    type=click.Choice(get_args(Level)),
    help="The findings to report: code that is unsafe on all ways (error), also on some ways only"
    " (warning, the default), also code that only deserves a look (advice).",
)
@click.option(
    "--select",
    multiple=True,
    metavar="RULE",
    shell_complete=complete_rule,
    help="Use this rule only. May be given several times.",
)
@click.option(
    "--ignore",
    multiple=True,
    metavar="RULE",
    shell_complete=complete_rule,
    help="Do not use this rule. May be given several times.",
)
@click.option(
    "--exclude",
    multiple=True,
    metavar="GLOB",
    help="Do not read files and folders of this name. May be given several times.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="Form of the report; github: notes beside the lines in GitHub Actions.",
)
@click.option("--json", "format_", flag_value="json", help="The same as --format json.")
@click.option(
    "--baseline",
    "baseline_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Report only what this document of --format json does not have.",
)
@click.option(
    "--explain",
    metavar="RULE",
    shell_complete=complete_rule,
    help="Print the page of a rule, and check nothing.",
)
def check(
    *,
    paths: tuple[Path, ...],
    level: Level | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    exclude: tuple[str, ...],
    format_: str,
    baseline_file: Path | None,
    explain: str | None,
) -> int:
    """Read C and C++ source and say what is unsafe where the GIL is released.

    PATH is a file or a folder; nothing is built or run. Files that are given together are
    one project: calls are followed from one to the other. Settings are read from
    [tool.gil-demo.check] in pyproject.toml. Exit code 1: something was found.
    """
    from gil_demo.check import settings
    from gil_demo.check.check import check as check_paths
    from gil_demo.check.rule import find
    from gil_demo.report.check import CheckReport
    from gil_demo.report.check_page import RulePage
    from gil_demo.report.kit.screen import screen

    console = screen()
    if explain is not None:
        console.print(RulePage(find(explain)))
        return DONE
    if not paths:
        raise click.UsageError("name a file or folder of C source, as in 'gil-demo check src'")
    wanted = settings.load(Path.cwd()).changed(
        level=level,
        select=select,
        ignore=ignore,
        exclude=exclude,
        baseline=_fingerprints(baseline_file) if baseline_file else None,
    )
    result = check_paths(paths, wanted)
    report = CheckReport(result)
    if format_ == "text":
        console.print(report.screen(), soft_wrap=True)
    else:
        console.raw(report.texts()[format_]())
    for file, why in result.unreadable:
        click.echo(f"gil-demo: {file} {why}", err=True)
    if result.findings:
        return CONTRADICTED
    return BAD_INPUT if result.unreadable else DONE


def _fingerprints(file: Path) -> frozenset[str]:
    """Read a document of ``--format json`` and return the fingerprints of its findings."""
    try:
        import json

        document = json.loads(read_whole(file))
        if document["format"] != "gil-demo/check":
            raise KeyError("format")
        return frozenset(str(finding["fingerprint"]) for finding in document["findings"])
    except (ValueError, KeyError, TypeError):
        raise click.UsageError(
            f"{file} is no baseline: write one with 'gil-demo check --format json'"
        ) from None
