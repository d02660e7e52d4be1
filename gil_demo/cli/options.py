"""Options that several commands share, and the values that they accept."""

import re
from typing import Any

import click

MULTIPLES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}


class Whole(click.IntRange):
    """A whole number in plain digits; Python would take 1_0, too, and digits of any script."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number; anything else is a usage error."""
        if not re.fullmatch("[+-]?[0-9]+", str(value).strip()):
            self.fail(f"{value!r} is not a whole number: give it in digits, as in 12", param, ctx)
        return super().convert(value, param, ctx)


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
    if not re.fullmatch(r" *[0-9]{1,9} *(, *[0-9]{1,9} *)*", text):
        raise click.BadParameter(
            f"{text!r} does not say how many threads: give numbers, as in 1,2,4"
        )
    return tuple(map(int, text.split(",")))


def complete_pattern(_: click.Context, __: click.Parameter, begun: str) -> list[str]:
    """Complete the name of a pattern, for the shell."""
    from gil_demo.gallery import registry
    from gil_demo.gallery.question.page import NAME

    names = [*(one.name for one in registry.load_all()), NAME]
    return [name for name in names if name.startswith(begun)]
