"""The functions of a project: which of them a call may mean."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path

from gil_demo.check.source.source import Function, Source

MAX_MEANT = 6
"""How many functions of one name are looked at."""

HEADERS = (".h", ".hpp", ".src")
"""Endings of files whose static functions other files call."""


class Functions:
    """All functions of some files."""

    def __init__(self, sources: Iterable[Source]) -> None:
        """Begin with the files; functions are looked for when somebody asks."""
        self._sources = list(sources)
        self._meant: dict[tuple[str, Path, str], list[Function]] = {}

    @cached_property
    def by_name(self) -> Mapping[str, list[Function]]:
        """Return all functions by name."""
        found: dict[str, list[Function]] = defaultdict(list)
        for source in self._sources:
            for function in source.functions:
                found[function.name].append(function)
        return dict(found)

    @cached_property
    def by_owner(self) -> Mapping[str, list[Function]]:
        """Return the methods by the name of their class."""
        found: dict[str, list[Function]] = defaultdict(list)
        for source in self._sources:
            for function in source.functions:
                if function.owner:
                    found[function.owner].append(function)
        return dict(found)

    def meant(self, name: str, caller: Function) -> list[Function]:
        """Return the functions that a call by this name in a function may mean."""
        key = (name, caller.source.path, caller.owner)
        if key not in self._meant:
            self._meant[key] = self._choose(name, caller)
        return self._meant[key]

    def _choose(self, name: str, caller: Function) -> list[Function]:
        """Return those of the same file, or else of the same folder, or else all."""
        path = caller.source.path
        for place in (path, path.parent, None):
            found = [
                function
                for owner in {"", caller.owner}
                for function in self._by_place.get((name, owner, place), ())
            ]
            if found:
                found.sort(key=lambda function: (function.source.path, function.opening))
                return found[:MAX_MEANT]
        return []

    @cached_property
    def _by_place(self) -> Mapping[tuple[str, str, Path | None], list[Function]]:
        """Return the first functions by name, class and place: a file, a folder or anywhere.

        In a folder and anywhere are those that other files can call.
        """
        found: dict[tuple[str, str, Path | None], list[Function]] = defaultdict(list)
        for source in self._sources:
            for function in source.functions:
                places: list[Path | None] = [source.path]
                if not function.static or source.path.suffix in HEADERS:
                    places += [source.path.parent, None]
                for place in places:
                    known = found[function.name, function.owner, place]
                    if len(known) < MAX_MEANT:
                        known.append(function)
        return dict(found)
