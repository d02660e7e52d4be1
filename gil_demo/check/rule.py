"""What a rule is, and how the rules are found: every module of `gil_demo.check.rules` is one."""

import json
import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib import import_module
from importlib.resources import files

from gil_demo.check.flow.events import Event, Flow
from gil_demo.check.project.project import Project
from gil_demo.check.source.source import Function, Source
from gil_demo.check.stations import Stations
from gil_demo.errors import BadInput
from gil_demo.gallery.page import page_parts
from gil_demo.words import LEVELS, Level

Runs = Mapping[str, Mapping[str, str]]
"""How each call ended, by what was called and by version."""

DESTROYS = re.compile(r"_?(?:tp_)?(?:dealloc|destructor|finalize|__del__)(?:_?\w{0,12})$|^~")
SLOT = re.compile(r"(?:\(destructor\)|tp_dealloc\s*[=,])\s*(?:\([\w\s*]+\)\s*)?([A-Za-z_]\w*)\b")
PAGE_PARTS = ("Mechanism", "Not found", "Sources")


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """What a rule looks at: one file's functions that switch the GIL, and the whole project."""

    source: Source
    flows: list[Flow]
    project: Project
    _stations: dict[int, Stations] = field(default_factory=dict, repr=False)

    def stations(self, flow: Flow) -> Stations:
        """Return the calls that stand on a way out of a function without END."""
        if id(flow) not in self._stations:
            self._stations[id(flow)] = Stations(flow)
        return self._stations[id(flow)]

    def where_released(self, *kinds: str) -> Iterator[tuple[Flow, Event]]:
        """Yield events of some kinds with the GIL released, but for the stations on a way out."""
        for flow in self.flows:
            stations = self.stations(flow)
            for event in flow.events:
                if event.kind in kinds and event.seen.released and not stations.excuses(event):
                    yield flow, event


@dataclass(frozen=True, slots=True)
class Found:
    """What a rule found at a place.

    Attributes:
        flow: The ways through the function.
        start: Offset in the function's file.
        stop: Offset of the end.
        level: How sure it is.
        message: Why, in one sentence.
        cause: What is the same for all places that one change would mend.
        released: Where the GIL was released, or None.
        way: Further stations, as file, offset and what happens there.
        instead: What to write instead, where it is not the rule's own sentence.
        pattern: The pattern that shows just this, where it is not the rule's first one.
    """

    flow: Flow
    start: int
    stop: int
    level: Level
    message: str
    cause: tuple[object, ...]
    released: int | None = None
    way: tuple[tuple[str, int, str], ...] = ()
    instead: str = ""
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its page, what it looks for and how sure it can be.

    ``flags`` names the patterns of the gallery whose unsafe half it finds; the first of them is
    the page that a finding refers to. ``examples`` are C of its own where the gallery has none.
    ``runs`` says of each call that was tried how it ended on each version of Python.
    """

    name: str
    sentence: str
    page: Mapping[str, str]
    level: Level
    instead: str
    flags: tuple[str, ...]
    examples: tuple[str, str] | None
    runs: Runs
    find: Callable[[CheckedFile], Iterator[Found]] = field(repr=False)

    @property
    def pattern(self) -> str:
        """Return the page of the gallery that shows the hazard, or an empty name."""
        return self.flags[0].replace("_", "-") if self.flags else ""


class IncompleteRule(BadInput, ValueError):
    """A rule that lacks something; the message says what to add."""


@cache
def load_all() -> tuple[Rule, ...]:
    """Return all rules, the surest first.

    Raises:
        IncompleteRule: If one lacks a part.
    """
    from gil_demo.check import rules

    found = [_rule(info.name) for info in pkgutil.iter_modules(rules.__path__)]
    return tuple(sorted(found, key=lambda rule: (LEVELS.index(rule.level), rule.name)))


def _rule(stem: str) -> Rule:
    module = import_module(f"gil_demo.check.rules.{stem}")
    name = stem.replace("_", "-")
    sentence, page = page_parts(module.__doc__ or "")
    lacks = [what for what in ("LEVEL", "INSTEAD", "FLAGS", "find") if not hasattr(module, what)]
    lacks += [f"{part}: in its docstring" for part in PAGE_PARTS if not page.get(part)]
    if not getattr(module, "FLAGS", ()) and not hasattr(module, "EXAMPLES"):
        lacks.append("a pattern in FLAGS, or EXAMPLES")
    if lacks:
        raise IncompleteRule(
            f"rule {name}: add {', '.join(lacks)} in gil_demo/check/rules/{stem}.py"
        )
    return Rule(
        name=name,
        sentence=sentence,
        page=page,
        level=module.LEVEL,
        instead=module.INSTEAD,
        flags=module.FLAGS,
        examples=getattr(module, "EXAMPLES", None),
        runs=_runs(getattr(module, "RUNS", "")),
        find=module.find,
    )


def _runs(file: str) -> Runs:
    if not file:
        return {}
    runs: Runs = json.loads(files("gil_demo.check").joinpath(file).read_text(encoding="utf-8"))
    return runs


def find(name: str) -> Rule:
    """Return the rule of that name.

    Raises:
        BadInput: If there is none; the message names those that there are.
    """
    for rule in load_all():
        if rule.name == name.replace("_", "-"):
            return rule
    names = ", ".join(rule.name for rule in load_all())
    raise BadInput(f"there is no rule {name!r}: the rules are {names}")


def patterns_seen() -> frozenset[str]:
    """Return the patterns of the gallery whose unsafe half some rule finds."""
    flags = (flag.replace("_", "-") for rule in load_all() for flag in rule.flags)
    return frozenset(flags) & frozenset(all_patterns())


def all_patterns() -> tuple[str, ...]:
    """Return the names of all patterns of the gallery, without loading one."""
    from gil_demo import patterns

    return tuple(info.name.replace("_", "-") for info in pkgutil.iter_modules(patterns.__path__))


def rules_for(pattern: str) -> tuple[Rule, ...]:
    """Return the rules that find the unsafe half of a pattern."""
    stem = pattern.replace("-", "_")
    return tuple(rule for rule in load_all() if stem in rule.flags)


# -- what several rules share --------------------------------------------------------------


def destroys(function: Function) -> bool:
    """Tell whether a function destroys an object: by its name, or as its file's ``tp_dealloc``."""
    if DESTROYS.search(function.name):
        return True
    return function.name in _destructors(function.source.code)


@lru_cache(maxsize=4)
def _destructors(code: str) -> frozenset[str]:
    return frozenset(SLOT.findall(code))


def level_of(event: Event, sure: bool) -> Level:
    """Return the level of what is wrong where the GIL is released: less where that is in doubt."""
    return "advice" if event.seen.doubtful else "error" if sure else "warning"


def on_some_ways(event: Event) -> str:
    """Return what a sentence adds where the GIL is released on some ways only."""
    return "" if event.seen.always else " on some ways"


def chain(event: Event) -> tuple[tuple[str, int, str], ...]:
    """Return the stations of a call through the project's own functions."""
    if event.need is None or not event.need.way:
        return ()
    way = event.need.way
    called = [*(name for name, _, _ in way[1:]), event.need.name]
    return tuple(
        (path, offset, f"{name} calls {callee}")
        for (name, path, offset), callee in zip(way, called, strict=True)
    )
