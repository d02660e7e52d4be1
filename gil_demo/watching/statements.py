"""Named statements in a file, to be probed one after the other.

A file is TOML: an optional ``setup``, and statements with a name, a group, and why it is so::

    setup = "import numpy as np"

    [[statement]]
    group = "sorting"
    name = "np.sort, 1M"
    setup = "a = np.random.default_rng(0).random(1_000_000)"
    run = "np.sort(a)"
    why = "compares numbers, and calls no Python"
"""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from gil_demo.errors import BadInput
from gil_demo.files import read_whole
from gil_demo.results.watching import NamedProbe, ProbeResult
from gil_demo.watching.probe import compiled, inconclusive, probe

KEYS = {"group", "name", "setup", "run", "why"}


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement to be probed, with the code to run before."""

    group: str
    name: str
    why: str
    setup: str
    run: str

    def probe(self) -> NamedProbe:
        """Probe it. What its setup raises is told as why there is no answer."""
        return NamedProbe(self.group, self.name, self.why, self._result())

    def _result(self) -> ProbeResult:
        try:
            function = compiled(self.run, self.setup)
        except Exception as error:
            return inconclusive(self.name, f"its setup raised {type(error).__name__}: {error}")
        return probe(function, name=self.run)


def numpy_statements() -> list[Statement]:
    """Return the statements that answer which NumPy functions release the GIL."""
    return parsed(
        files("gil_demo.watching").joinpath("numpy.toml").read_text("utf-8"), "numpy.toml"
    )


def read(path: Path) -> list[Statement]:
    """Read a file of statements. Raises `BadInput` if it is not one."""
    try:
        text = read_whole(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is not a text in UTF-8: {error}") from error
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error
    return parsed(text, str(path))


def parsed(text: str, where: str) -> list[Statement]:
    """Parse the text of a file of statements. Raises `BadInput`."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{where} is not TOML: {error}") from error
    setup, rows = content.pop("setup", ""), content.pop("statement", None)
    if content:
        raise BadInput(f"{where} has {', '.join(content)}; it may have setup and [[statement]]")
    if not isinstance(rows, list) or not rows or not isinstance(setup, str):
        raise BadInput(f"{where} has no [[statement]] with a name and a run")
    return list(_statements(rows, setup, where))


def _statements(rows: Sequence[object], setup: str, where: str) -> Iterator[Statement]:
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict) or not all(isinstance(one, str) for one in row.values()):
            raise BadInput(f"{where}: statement {number} must have texts only")
        if "run" not in row or "name" not in row or not row.keys() <= KEYS:
            raise BadInput(
                f"{where}: statement {number} needs name and run,"
                " and may have group, setup and why, and nothing else"
            )
        yield Statement(
            group=row.get("group", ""),
            name=row["name"],
            why=row.get("why", ""),
            setup=f"{setup}\n{row.get('setup', '')}",
            run=row["run"],
        )
