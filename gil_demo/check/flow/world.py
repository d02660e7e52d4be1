"""World: what a function's surroundings say of the names that it uses."""

from typing import Protocol

from gil_demo.check.flow.events import Summary
from gil_demo.check.source.macros import Macro
from gil_demo.check.source.source import Function, Source


class World(Protocol):
    """What a function's surroundings say of the names that it uses."""

    def macro(self, name: str, source: Source) -> Macro | None:
        """Return a macro that releases, returns or calls, or None."""

    def summary(self, name: str, function: Function, depth: int) -> Summary | None:
        """Return what a call of one of the project's own functions means."""

    def defines(self, name: str) -> bool:
        """Tell whether a macro of the project has this name."""

    def takes_statements(self, name: str) -> bool:
        """Tell whether a macro of the project has this name and parameters."""

    def guard(self, name: str) -> str | None:
        """Return whether a class's objects release the GIL or hold it while they live."""

    def statement_macros(self) -> frozenset[str]:
        """Return the names of the macros that may stand as statements."""
