"""Options that several commands share, and the values that they accept."""

import re
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import get_args

import click

from gil_demo.limits import MAX_THREADS
from gil_demo.words import Theme

MULTIPLES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}


def elements(text: str) -> int:
    """Parse a whole number, 1 or more; 20M is 20,000,000. Anything else is a usage error."""
    match = re.fullmatch(r"([0-9]{1,18})([kmg]?)", text.strip().lower())
    size = int(match[1]) * MULTIPLES[match[2]] if match else 0
    if size < 1:
        raise click.BadParameter(
            f"{text!r} is not a number of elements: give 1 or more, as in 500k or 20M"
        )
    return size


def thread_counts(text: str) -> tuple[int, ...]:
    """Parse numbers separated by commas. Anything else is a usage error."""
    counts = [int(part) if part.strip().isdecimal() else 0 for part in text.split(",")]
    if not all(1 <= count <= MAX_THREADS for count in counts):
        raise click.BadParameter(
            f"{text!r} does not say how many threads: give numbers from 1 to {MAX_THREADS},"
            " as in 1,2,4"
        )
    return tuple(counts)


def complete_pattern(_: click.Context, __: click.Parameter, begun: str) -> list[str]:
    """Complete the name of a pattern, for the shell."""
    from gil_demo.gallery import registry
    from gil_demo.gallery.question.page import NAME

    names = [*(one.name for one in registry.load_all()), NAME]
    return [name for name in names if name.startswith(begun)]


json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document and nothing else."
)

markdown_option = click.option(
    "--markdown",
    "as_markdown",
    is_flag=True,
    help="Print Markdown, for an issue or a README, and nothing else.",
)


def refuse_together(**chosen: bool) -> None:
    """Accept at most one of these flags, by their names. More are a usage error."""
    given = [f"--{name}" for name, was_given in chosen.items() if was_given]
    if len(given) > 1:
        raise click.UsageError(f"{' and '.join(given)} exclude each other")


def file_option(name: str, what: str) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Make an option that names a file to write."""
    return click.option(
        f"--{name}",
        f"{name}_file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help=f"Also write {what} to this file.",
    )


def picture_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add --svg, --html and --theme; the command gets `pictures`, which writes the files."""

    @file_option("svg", "the output of the screen, as an SVG,")
    @file_option("html", "the output of the screen, as a web page,")
    @click.option(
        "--theme",
        type=click.Choice(get_args(Theme)),
        default="auto",
        show_default=True,
        help="Colours of --svg and --html; auto: dark where the reader's system is.",
    )
    @wraps(command)
    def with_pictures(
        *, svg_file: Path | None, html_file: Path | None, theme: Theme, **rest: object
    ) -> int:
        from gil_demo.report.kit.pictures import Pictures

        return command(pictures=Pictures(svg_file, html_file, theme), **rest)

    return with_pictures
