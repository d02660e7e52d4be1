"""What to look for, from the command line and from ``pyproject.toml``."""

import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from gil_demo.errors import BadInput
from gil_demo.words import LEVELS, Level

TABLE = "tool.gil-demo.check"


@dataclass(frozen=True, slots=True)
class Settings:
    """The findings to report, and what the source of a project does not say.

    Attributes:
        level: The least sure level that is reported.
        select: Rules to use, or empty for all.
        ignore: Rules not to use.
        exclude: Patterns of paths that are not read in folders.
        free: Own functions that need no GIL although it looks as if they did.
        needs_gil: Own functions that need the GIL although nobody can see it.
        releases: Own functions that release the GIL for their callers.
        takes: Own functions that take the GIL back for their callers.
        baseline: Fingerprints of findings that are known.
    """

    level: Level = "warning"
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    free: tuple[str, ...] = ()
    needs_gil: tuple[str, ...] = ()
    releases: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    baseline: frozenset[str] = frozenset()

    def changed(self, **given: Any) -> "Settings":
        """Return these settings, replaced by those of the given ones that are not empty."""
        return replace(self, **{name: value for name, value in given.items() if value})


def load(folder: Path) -> Settings:
    """Read the settings of the nearest ``pyproject.toml`` in a folder or above it.

    Raises:
        BadInput: If the file is not TOML, or has a setting that there is not.
    """
    for directory in (folder, *folder.parents):
        file = directory / "pyproject.toml"
        if file.is_file():
            return _settings(file)
    return Settings()


def _settings(file: Path) -> Settings:
    try:
        table: Any = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{file} is not TOML: {error}") from None
    for name in TABLE.split("."):
        table = table.get(name, {}) if isinstance(table, dict) else {}
    names = [field.name.replace("_", "-") for field in fields(Settings) if field.name != "baseline"]
    given: dict[str, Any] = {}
    for key, value in table.items():
        if key not in names:
            raise BadInput(f"{file}: [{TABLE}] has no setting {key!r}: it has {', '.join(names)}")
        given[key.replace("-", "_")] = _value(file, key, value)
    return Settings(**given)


def _value(file: Path, key: str, value: object) -> object:
    if key == "level":
        if value not in LEVELS:
            raise BadInput(f"{file}: level must be one of {', '.join(LEVELS)}, not {value!r}")
        return value
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise BadInput(f"{file}: {key} must be a list of strings")
    return tuple(value)
