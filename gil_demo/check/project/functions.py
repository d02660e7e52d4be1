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
        here = self._by_place.get((name, path), {})
        owners = {"", caller.owner}
        if found := [one for owner in owners for one in here.get(owner, [])[:MAX_MEANT]]:
            return sorted(found, key=lambda function: function.opening)[:MAX_MEANT]
        found = [
            function
            for function in self.by_name.get(name, ())
            if (not function.static or function.source.path.suffix in HEADERS)
            and (not function.owner or function.owner == caller.owner)
        ]
        near = [function for function in found if function.source.path.parent == path.parent]
        return (near or found)[:MAX_MEANT]

    @cached_property
    def _by_place(self) -> Mapping[tuple[str, Path], dict[str, list[Function]]]:
        found: dict[tuple[str, Path], dict[str, list[Function]]] = {}
        for name, functions in self.by_name.items():
            for function in functions:
                here = found.setdefault((name, function.source.path), {})
                here.setdefault(function.owner, []).append(function)
        return found
