"""Comments that suppress a finding, with a reason: ``/* gil-demo: ignore[rule] reason */``."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from gil_demo.check.source.source import Source
from gil_demo.results.check import Finding, Place, UnusedSuppression

COMMENT = re.compile(
    r"(?:/\*|//)[ \t*]*gil-demo:[ \t]*ignore(?:\[([\w, -]*)\])?[ \t]*((?:(?!\*/)[^\n])*)"
)

MAX_INDENT = 1000
"""How far before a comment is looked whether it is alone in its line."""


@dataclass(eq=False)
class _Suppression:
    place: Place
    rules: frozenset[str]
    reason: str
    own_line: bool
    used: set[str] = field(default_factory=set)


class Suppressions:
    """All such comments in some files, and which of them suppressed something."""

    def __init__(self, sources: Iterable[Source]) -> None:
        """Find the comments."""
        self._by_line: dict[tuple[str, int], list[_Suppression]] = {}
        self._known: dict[tuple[str, int, str], bool] = {}
        for source in sources:
            if "gil-demo:" in source.text:
                for match in COMMENT.finditer(source.text):
                    self._add(source, match)

    def _add(self, source: Source, match: re.Match[str]) -> None:
        line = source.line(match.start())
        column = source.column(match.start())
        place = Place(str(source.path), line, column, column + len(match.group().rstrip()))
        rules = frozenset(name.strip() for name in (match[1] or "").split(",") if name.strip())
        before = source.text[max(match.start() - MAX_INDENT, 0) : match.start()]
        alone = not before.rpartition("\n")[2].strip()
        found = _Suppression(place, rules, match[2].strip(" \t*\r"), alone)
        self._by_line.setdefault((place.file, line), []).append(found)
        if found.own_line:
            self._by_line.setdefault((place.file, line + 1), []).append(found)

    def suppress(self, finding: Finding) -> bool:
        """Tell whether a comment on the finding's line, or alone above it, names its rule."""
        key = (finding.place.file, finding.place.line, finding.rule)
        if key not in self._known:
            named = [
                one
                for one in self._by_line.get(key[:2], ())
                if finding.rule in one.rules and one.reason
            ]
            for one in named:
                one.used.add(finding.rule)
            self._known[key] = bool(named)
        return self._known[key]

    def unused(self) -> tuple[UnusedSuppression, ...]:
        """Return the comments that suppressed nothing, name no rule or give no reason."""
        found = {id(one): one for group in self._by_line.values() for one in group}
        return tuple(
            UnusedSuppression(one.place, _fault(one))
            for one in found.values()
            if not one.reason or not one.rules or one.rules - one.used
        )


def _fault(one: _Suppression) -> str:
    if not one.rules:
        return "names no rule: write ignore[rule] and a reason"
    names = ", ".join(sorted(one.rules - one.used or one.rules))
    if not one.reason:
        return f"gives no reason, so {names} is not suppressed"
    return f"suppresses no {names} here"
