"""Sources that call each other, and what is known of each name in them."""

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from gil_demo.check import api, words
from gil_demo.check.flow.effort import Effort
from gil_demo.check.flow.events import Flow, Need, Summary
from gil_demo.check.flow.follow import follow
from gil_demo.check.flow.summary import combined
from gil_demo.check.project.functions import Functions
from gil_demo.check.project.guards import Guards
from gil_demo.check.project.holding import Holding
from gil_demo.check.project.macros import NAME, Macros
from gil_demo.check.project.own import NOTHING_SAID, Own
from gil_demo.check.source.macros import Macro
from gil_demo.check.source.source import Function, Source

MAX_CHAIN = 8
"""How many of the project's own functions a chain of calls is followed through."""
MAX_ROUNDS = 4
"""How often functions that release for their callers are looked for anew."""


class Project:
    """Files that are checked together: the world that their functions live in."""

    def __init__(self, sources: Iterable[Source], own: Own = NOTHING_SAID) -> None:
        """Begin with the files as they were read, and with what the settings say of names."""
        self.sources = list(sources)
        self.own = own
        self.by_path = {str(source.path): source for source in self.sources}
        self._functions = Functions(self.sources)
        self._macros = Macros(self.sources, lambda name: name in self._functions.by_name)
        self._guards = Guards()
        self._flows: dict[int, list[Flow]] = {}
        self._busy: set[int] = set()
        self._efforts: dict[Path, Effort] = defaultdict(Effort)
        self._plain: dict[int, bool] = {}

    @cached_property
    def has_blocks(self) -> bool:
        """Tell whether any file releases the GIL or might."""
        own = self.own.releases
        return any(
            words.ANY_BEGIN.search(source.text) or (own and own & source.words)
            for source in self.sources
        )

    # -- what flow asks --------------------------------------------------------------------

    def statement_macros(self) -> frozenset[str]:
        """Return the names of the macros that may stand as statements."""
        return self._macros.statements

    def defines(self, name: str) -> bool:
        """Tell whether a macro of the project has this name."""
        return name in self._macros.by_name

    def takes_statements(self, name: str) -> bool:
        """Tell whether a macro of the project has this name and parameters."""
        return name in self._macros.with_parameters

    def guard(self, name: str) -> str | None:
        """Return whether a class's objects release the GIL or hold it while they live."""
        return self._guards.kind(name)

    def macro(self, name: str, source: Source) -> Macro | None:
        """Return a macro that releases, returns or calls what needs the GIL, or None."""
        return self._macros.meant(name, source)

    def summary(self, name: str, function: Function, depth: int) -> Summary | None:
        """Return what a call of one of the project's own functions means."""
        if name in self.own.free:
            return Summary()
        if name in self.own.needs:
            return Summary(need=Need(name, ()))
        if name in self.own.releases or name in self.own.takes:
            return Summary(effect="release" if name in self.own.releases else "acquire")
        candidates = self._functions.meant(name, function)
        if not candidates or depth >= MAX_CHAIN:
            return None
        summaries = [self._summary(candidate, depth + 1) for candidate in candidates]
        return combined([summary for summary in summaries if summary is not None])

    def _summary(self, function: Function, depth: int) -> Summary | None:
        if id(function) in self._busy:
            return None
        if self._is_plain(function):
            return Summary()
        summaries = [flow.summary for flow in self.flows(function, depth)]
        best = summaries[0] if summaries else None
        for other in summaries[1:]:
            if best is not None and best.need is None and other.need is not None:
                best = other
        return best

    def _is_plain(self, function: Function) -> bool:
        """Tell whether a function calls nothing that might need or switch the GIL."""
        key = id(function)
        if key not in self._plain:
            self._plain[key] = not any(
                self._may_matter(name, function) for name in set(NAME.findall(function.body))
            )
        return self._plain[key]

    def _may_matter(self, name: str, function: Function) -> bool:
        return (
            name in words.SWITCHES
            or name in words.NO_RETURN
            or name in ("py", "pybind11")
            or name in self._macros.by_name
            or (name in self._functions.by_name and name != function.name)
            or self._guards.kind(name) is not None
            or api.kind_of(name) == "needs"
        )

    def flows(self, function: Function, depth: int = 0) -> list[Flow]:
        """Return the ways through each reading of a function."""
        key = id(function)
        if key not in self._flows:
            self._busy.add(key)
            try:
                effort = self._efforts[function.source.path]
                readings = [function.body, *function.others]
                self._flows[key] = [follow(function, b, self, effort, depth) for b in readings]
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
        self._guards.add_aliases(self.sources)
        names = words.SWITCHES | self._macros.switching | self.own.releases | self.own.takes
        holding = Holding(self.sources)
        self._guards.add_classes(holding.with_words(names), self._functions, self.flows)
        self._flows.clear()
        self._plain.clear()
        self._efforts.clear()
        names |= self._guards.names
        for _ in range(MAX_ROUNDS):
            found = holding.with_words(names)
            new = {function.name for function in found if self._is_wrapper(function)} - names
            if not new:
                break
            names |= new
        found += self._lambdas_that_run_released({id(function) for function in found})
        flows: dict[Path, list[Flow]] = defaultdict(list)
        for function in found:
            flows[function.source.path] += self.flows(function)
        return dict(flows)

    def _lambdas_that_run_released(self, known: set[int]) -> list[Function]:
        """Return further functions: lambdas that are handed to one that releases and calls them."""
        added = []
        for source in self.sources:
            for function in source.functions:
                handed_to = function.handed_to
                if handed_to is None or (outer := source.outer(function)) is None:
                    continue
                summary = self.summary(handed_to.name, outer, 0)
                if summary is not None and handed_to.index in summary.calls_released:
                    function.runs_released = True
                    self._flows.pop(id(function), None)
                    if id(function) not in known:
                        added.append(function)
        return added

    def _is_wrapper(self, function: Function) -> bool:
        """Tell whether a function releases or takes back for its caller."""
        if function.owner == function.name or function.name.startswith("~"):
            return False
        return any(flow.summary.effect for flow in self.flows(function))
