"""What several commands take: kinds of values, and options with one meaning."""

import re

import click

from gil_demo.constants import MOST_THREADS

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


def complete_pattern(_: click.Context, __: click.Parameter, begun: str) -> list[str]:
    """The names of patterns that begin like that, for the shell."""
    from gil_demo.gallery import gilexample, registry

    names = [*(one.name for one in registry.load_all()), gilexample.NAME]
    return [name for name in names if name.startswith(begun)]


json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document and nothing else."
)
