"""The files that are checked together: their macros, functions and the ways through these."""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from gil_demo.check import api, words
from gil_demo.check.flow.events import Flow, Need, Summary
from gil_demo.check.flow.follow import follow
from gil_demo.check.source import Function, Macro, Source, closing_brace

MAX_CHAIN = 8
"""How many of the project's own functions a chain of calls is followed through."""
MAX_READINGS = 4
"""How often a file is read anew for words in branches that no reading has kept."""
MAX_ROUNDS = 4
"""How often functions that release for their callers are looked for anew."""

CALLED = re.compile(r"\b([A-Za-z_]\w*)\s*\(")
ALIAS = re.compile(
    r"\busing\s+(\w+)\s*=\s*[\w:]*\b(gil_scoped_(?:release|acquire))\b"
    r"|\btypedef\s+[\w:]*\b(gil_scoped_(?:release|acquire))\s+(\w+)\s*;"
)
STATEMENTS = re.compile(r"[;{]|(?<![=!<>])=(?!=)")
JUMP = re.compile(r"\b(?:return|goto|throw|Py_RETURN_\w+)\b")


@dataclass(frozen=True, slots=True)
class Own:
    """Names of own functions, and what nobody can see of them in the source."""

    needs: frozenset[str] = frozenset()
    free: frozenset[str] = frozenset()
    releases: frozenset[str] = frozenset()
    takes: frozenset[str] = frozenset()


class Project:
    """Sources that call each other, and what is known of each name in them."""

    def __init__(self, sources: Iterable[Source], own: Own = Own()) -> None:
        """Begin with the files as they were read, and with what the settings say of names."""
        self.sources = list(sources)
        self.own = own
        self.by_path = {str(source.path): source for source in self.sources}
        self._macros: dict[tuple[str, str], Macro | None] = {}
        self._flows: dict[int, list[Flow]] = {}
        self._busy: set[int] = set()
        self._guards: dict[str, str] = {
            **dict.fromkeys(words.RELEASE_GUARDS, "release"),
            **dict.fromkeys(words.ACQUIRE_GUARDS, "hold"),
        }

    @cached_property
    def has_blocks(self) -> bool:
        """Tell whether any file releases the GIL or might."""
        own = self.own.releases
        return any(
            words.ANY_BEGIN.search(source.text) or (own and own & source.words)
            for source in self.sources
        )

    @cached_property
    def functions(self) -> dict[str, list[Function]]:
        """Return all functions by name."""
        found: dict[str, list[Function]] = defaultdict(list)
        for source in self.sources:
            for function in source.functions:
                found[function.name].append(function)
        return dict(found)

    @cached_property
    def _all_macros(self) -> dict[str, list[Macro]]:
        found: dict[str, list[Macro]] = defaultdict(list)
        for source in self.sources:
            for macro in source.macros:
                found[macro.name].append(macro)
        return dict(found)

    @cached_property
    def _switching_macros(self) -> frozenset[str]:
        """Return the macros that release or take back, also through others."""
        named = {
            name: set(re.findall(r"\w+", " ".join(macro.body for macro in macros)))
            for name, macros in self._all_macros.items()
            if name not in words.SWITCHES
        }
        switching: set[str] = set()
        known: set[str] = set(words.SWITCHES | words.GUARDS)
        while True:
            new = {name for name, used in named.items() if name not in switching and used & known}
            if not new:
                return frozenset(switching)
            switching |= new
            known = new

    @cached_property
    def _statement_macros(self) -> frozenset[str]:
        jumping = {
            name
            for name, macros in self._all_macros.items()
            if any(JUMP.search(macro.body) or STATEMENTS.search(macro.body) for macro in macros)
        }
        return frozenset(words.SWITCHES | self._switching_macros | jumping)

    # -- what flow asks --------------------------------------------------------------------

    def statement_macros(self) -> frozenset[str]:
        """Return the names of the macros that may stand as statements."""
        return self._statement_macros

    def defines(self, name: str) -> bool:
        """Tell whether a macro of the project has this name."""
        return name in self._all_macros

    def takes_statements(self, name: str) -> bool:
        """Tell whether a macro of the project has this name and parameters."""
        return any(macro.parameters for macro in self._all_macros.get(name, ()))

    def guard(self, name: str) -> str | None:
        """Return whether a class's objects release the GIL or hold it while they live."""
        return self._guards.get(name)

    def macro(self, name: str, source: Source) -> Macro | None:
        """Return a macro that releases, returns or calls what needs the GIL, or None."""
        if name not in self._all_macros:
            return None
        key = (name, str(source.path))
        if key not in self._macros:
            self._macros[key] = None  # while it is looked at, for macros that name each other
            self._macros[key] = self._macro(name, source)
        return self._macros[key]

    def _macro(self, name: str, source: Source) -> Macro | None:
        macros = self._all_macros[name]
        if name in words.SWITCHES:
            return None
        plain = api.kind_of(name) is not None
        plain = plain or (macros[0].parameters is None and name.startswith("Py"))
        if plain and name not in self._switching_macros:
            return None
        here = [macro for macro in macros if macro.path == str(source.path)]
        folder = str(source.path.parent)
        near = [macro for macro in macros if str(Path(macro.path).parent) == folder]
        candidates = here or near or macros
        mattering = [macro for macro in candidates if self._matters(macro, source)]
        if not mattering or (len({m.body for m in mattering}) < len(candidates) / 2 and not here):
            return None
        return max(mattering, key=lambda macro: words.ANY_SWITCH.search(macro.body) is not None)

    def _matters(self, macro: Macro, source: Source) -> bool:
        if words.ANY_SWITCH.search(macro.body) or JUMP.search(macro.body):
            return True
        for name in re.findall(r"[A-Za-z_]\w*", macro.body):
            if name == macro.name:
                continue
            if api.kind_of(name) == "needs" or name in self.functions:
                return True
            if self.macro(name, source) is not None:
                return True
        return False

    def summary(self, name: str, function: Function, depth: int) -> Summary | None:
        """Return what a call of one of the project's own functions means."""
        if name in self.own.free:
            return Summary()
        if name in self.own.needs:
            return Summary(need=Need(name, ()))
        if name in self.own.releases or name in self.own.takes:
            return Summary(effect="release" if name in self.own.releases else "acquire")
        candidates = self._candidates(name, function)
        if not candidates or depth >= MAX_CHAIN:
            return None
        summaries = [self._summary(candidate, depth + 1) for candidate in candidates]
        return _combined([summary for summary in summaries if summary is not None])

    def _candidates(self, name: str, function: Function) -> list[Function]:
        """Return the functions that a call by this name in a function may mean."""
        path = function.source.path
        found = [
            candidate
            for candidate in self.functions.get(name, ())
            if (
                candidate.source is function.source
                or not candidate.static
                or candidate.source.path.suffix in (".h", ".hpp", ".src")
            )
            and (not candidate.owner or candidate.owner == function.owner)
        ]
        here = [candidate for candidate in found if candidate.source.path == path]
        near = [candidate for candidate in found if candidate.source.path.parent == path.parent]
        return (here or near or found)[:6]

    def _summary(self, function: Function, depth: int) -> Summary | None:
        if id(function) in self._busy:
            return None
        if not self._worth_following(function):
            return Summary()
        summaries = [flow.summary for flow in self.flows(function, depth)]
        best = summaries[0] if summaries else None
        for other in summaries[1:]:
            if best is not None and best.need is None and other.need is not None:
                best = other
        return best

    def _worth_following(self, function: Function) -> bool:
        """Tell whether a function calls anything that might need or switch the GIL."""
        for name in set(re.findall(r"[A-Za-z_]\w*", function.body)):
            if name in words.SWITCHES or name in words.NO_RETURN or api.kind_of(name) == "needs":
                return True
            if (name in self.functions and name != function.name) or name in self._all_macros:
                return True
            if name in self._guards or name in ("py", "pybind11"):
                return True
        return False

    def flows(self, function: Function, depth: int = 0) -> list[Flow]:
        """Return the ways through each reading of a function."""
        key = id(function)
        if key not in self._flows:
            self._busy.add(key)
            try:
                readings = [function.body, *function.others]
                self._flows[key] = [follow(function, body, self, depth) for body in readings]
            finally:
                self._busy.discard(key)
        return self._flows[key]

    # -- functions with blocks -------------------------------------------------------------

    def blocks(self) -> dict[Path, list[Flow]]:
        """Return the ways through all functions that switch the GIL, by file.

        Functions that release or take back for their callers are found first, and then those
        that call them.
        """
        if not self.has_blocks:
            return {}
        self._find_aliases()
        names: set[str] = set(words.SWITCHES | self._switching_macros)
        names |= self.own.releases | self.own.takes
        self._find_guards(self._naming(frozenset(names)))
        found: list[Function] = []
        for _ in range(MAX_ROUNDS):
            found = self._naming(frozenset(names | set(self._guards)))
            new = {name for function in found for name in self._wrapper(function)} - names
            if not new:
                break
            names |= new
        flows: dict[Path, list[Flow]] = defaultdict(list)
        for function in found:
            flows[function.source.path] += self.flows(function)
        return dict(flows)

    def _find_guards(self, found: list[Function]) -> None:
        """Note the classes whose constructors release the GIL or take it."""
        owners = {function.owner: function.source for function in found if function.owner}
        for owner, source in owners.items():
            kind = self._guard_kind(owner, source)
            if kind is not None:
                self._guards[owner] = kind
        self._flows.clear()

    def _guard_kind(self, owner: str, source: Source) -> str | None:
        """Return what objects of a class do from their constructor to their destructor."""
        constructors = [f for f in self.functions.get(owner, ()) if f.owner == owner]
        effects = {flow.summary.effect for f in constructors for flow in self.flows(f)}
        if "acquire" in effects or ("unknown" in effects and self._ensures(constructors[0])):
            return "hold"
        if effects == {"release"}:
            return "release"
        # members with an initial value, or a list of these before the constructor's body
        text = " ".join([_class_text(owner, source), *(f.header for f in constructors)])
        destructor = " ".join(f.body for f in self.functions.get(f"~{owner}", ()))
        if "PyGILState_Ensure" in text and "PyGILState_Release" in destructor:
            return "hold"
        if "PyEval_SaveThread" in text and "PyEval_RestoreThread" in destructor:
            return "release"
        return None

    def _wrapper(self, function: Function) -> set[str]:
        """Return the function's name if it releases or takes back for its caller."""
        if function.owner == function.name or function.name.startswith("~"):
            return set()
        effects = {flow.summary.effect for flow in self.flows(function)}
        return {function.name} if effects - {""} else set()

    def _ensures(self, constructor: Function) -> bool:
        """Tell whether some method of the constructor's class takes the GIL."""
        methods = (f for f in constructor.source.functions if f.owner == constructor.owner)
        return any("PyGILState_Ensure" in method.body for method in methods)

    def _find_aliases(self) -> None:
        for source in self.sources:
            if "gil_scoped_" in source.text:
                for match in ALIAS.finditer(source.code):
                    name, kind = (match[1], match[2]) if match[1] else (match[4], match[3])
                    self._guards[name] = "release" if kind.endswith("release") else "hold"

    def _naming(self, names: frozenset[str]) -> list[Function]:
        """Return the functions whose text has one of these words."""
        found: list[Function] = []
        for source in self.sources:
            here = source.words & names
            if here:
                pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(here)))})\b")
                offsets = [match.start() for match in pattern.finditer(source.code)]
                found += self._holding(source, offsets)
        return found

    def _holding(self, source: Source, offsets: list[int]) -> list[Function]:
        """Return the functions that hold some offsets, reading more branches if need be."""
        unread = [
            offset
            for offset in offsets
            if not _in_directive(source, offset) and not _is_read(source, offset)
        ]
        for _ in range(MAX_READINGS):
            if not unread:
                break
            source.add_branches(tuple(unread))
            unread = [offset for offset in unread if not _is_read(source, offset)][1:]
        holding: dict[int, Function] = {}
        for offset in offsets:
            for function in _around(source, offset):
                holding[id(function)] = function
        return list(holding.values())


def _class_text(owner: str, source: Source) -> str:
    """Return what stands between the braces of a class."""
    found = re.search(rf"\b(?:class|struct)\s+{re.escape(owner)}\b[^;{{]*{{", source.code)
    if found is None:
        return ""
    return source.code[found.end() : closing_brace(source.code, found.end() - 1)]


def _around(source: Source, offset: int) -> list[Function]:
    return [f for f in _by_position(source, offset) if f.opening <= offset < f.closing]


def _by_position(source: Source, offset: int) -> list[Function]:
    """Return the functions that begin last before an offset: lambdas stand within others."""
    functions = source.functions
    at = bisect_right(functions, offset, key=lambda function: function.opening)
    return functions[max(at - 6, 0) : at]


def _is_read(source: Source, offset: int) -> bool:
    """Tell whether some reading of some function has the text at an offset."""
    return any(
        not body[offset - function.opening].isspace()
        for function in _around(source, offset)
        for body in (function.body, *function.others)
        if offset - function.opening < len(body)
    )


def _in_directive(source: Source, offset: int) -> bool:
    index = bisect_right(source.directives, offset, key=lambda one: one.start) - 1
    return index >= 0 and offset < source.directives[index].end


def _combined(summaries: list[Summary]) -> Summary | None:
    """Return what holds whichever of several functions of one name is meant."""
    if not summaries:
        return None
    if len(summaries) == 1:
        return summaries[0]
    first = summaries[0]
    return Summary(
        need=first.need if all(s.need is not None for s in summaries) else None,
        begins=first.begins if all(s.begins is not None for s in summaries) else None,
        effect=first.effect if len({s.effect for s in summaries}) == 1 else "unknown",
        returns=any(s.returns for s in summaries),
    )
