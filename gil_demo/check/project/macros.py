"""The macros of a project: which of them is meant where, and which matter for the GIL."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path

from gil_demo.check import api, words
from gil_demo.check.source.macros import Macro
from gil_demo.check.source.source import Source

STATEMENTS = re.compile(r"[;{]|(?<![=!<>])=(?!=)")
JUMP = re.compile(r"\b(?:return|goto|throw|Py_RETURN_\w+)\b")
LOOP = re.compile(r"\s*(?:while|for)\b")
"""The beginning of a loop whose body stands behind the macro, and is read once."""
NAME = re.compile(r"[A-Za-z_]\w*")


class Macros:
    """All ``#define`` lines of some files."""

    def __init__(self, sources: Iterable[Source], is_function: Callable[[str], bool]) -> None:
        """Begin with the files, and with a way to tell the names of their functions."""
        self._sources = list(sources)
        self._is_function = is_function
        self._meant: dict[tuple[str, Path], Macro | None] = {}

    @cached_property
    def by_name(self) -> Mapping[str, list[Macro]]:
        """Return all macros by their name."""
        found: dict[str, list[Macro]] = defaultdict(list)
        for source in self._sources:
            for macro in source.macros:
                found[macro.name].append(macro)
        return dict(found)

    @cached_property
    def switching(self) -> frozenset[str]:
        """Return the macros that release or take back, also through others."""
        return self._that_use(words.SWITCHES | words.GUARDS) - words.SWITCHES

    @cached_property
    def statements(self) -> frozenset[str]:
        """Return the names of the macros that may stand as statements."""
        alone = {
            name
            for name, macros in self.by_name.items()
            if any(_stands_alone(macro.body) for macro in macros)
        }
        return frozenset(words.SWITCHES | self.switching | alone)

    @cached_property
    def with_parameters(self) -> frozenset[str]:
        """Return the names of the macros that have parameters."""
        return frozenset(m.name for macros in self.by_name.values() for m in macros if m.parameters)

    def meant(self, name: str, source: Source) -> Macro | None:
        """Return a macro that releases, returns or calls what needs the GIL, or None."""
        if name not in self.by_name:
            return None
        key = (name, source.path)
        if key not in self._meant:
            self._meant[key] = self._choose(name, source)
        return self._meant[key]

    def _choose(self, name: str, source: Source) -> Macro | None:
        macros = self.by_name[name]
        if name in words.SWITCHES:
            return None
        plain = api.kind_of(name) is not None
        plain = plain or (macros[0].parameters is None and name.startswith("Py"))
        if plain and name not in self.switching:
            return None
        here = [macro for macro in macros if macro.path == str(source.path)]
        folder = str(source.path.parent)
        near = [macro for macro in macros if str(Path(macro.path).parent) == folder]
        candidates = here or near or macros
        mattering = [macro for macro in candidates if self._matters(macro)]
        if not mattering or (len({m.body for m in mattering}) < len(candidates) / 2 and not here):
            return None
        return max(mattering, key=lambda macro: words.ANY_SWITCH.search(macro.body) is not None)

    def _matters(self, macro: Macro) -> bool:
        if words.ANY_SWITCH.search(macro.body) or JUMP.search(macro.body):
            return True
        return any(
            name != macro.name and (self._calls(name) or name in self._mattering)
            for name in NAME.findall(macro.body)
        )

    def _calls(self, name: str) -> bool:
        return api.kind_of(name) == "needs" or self._is_function(name)

    @cached_property
    def _mattering(self) -> frozenset[str]:
        """Return the macros of which some definition matters, also through others."""
        first = {
            name
            for name, macros in self.by_name.items()
            if any(
                words.ANY_SWITCH.search(m.body)
                or JUMP.search(m.body)
                or any(n != name and self._calls(n) for n in NAME.findall(m.body))
                for m in macros
            )
        }
        return self._that_use(first) | first

    def _that_use(self, names: Iterable[str]) -> frozenset[str]:
        """Return the macros whose bodies use one of these names, also through other macros."""
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            new = self._users.get(waiting.pop(), ())
            waiting += [name for name in new if name not in found]
            found.update(new)
        return frozenset(found)

    @cached_property
    def _users(self) -> Mapping[str, set[str]]:
        """Return for each word the macros whose bodies have it."""
        users: dict[str, set[str]] = defaultdict(set)
        for name, macros in self.by_name.items():
            for macro in macros:
                for word in NAME.findall(macro.body):
                    users[word].add(name)
        return dict(users)


def _stands_alone(body: str) -> bool:
    """Tell whether a macro's body is more than an expression."""
    return any(form.search(body) for form in (JUMP, STATEMENTS)) or LOOP.match(body) is not None
