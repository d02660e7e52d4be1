"""C++ classes whose objects release the GIL, or hold it, from constructor to destructor."""

import re
from collections.abc import Callable, Iterable, Mapping

from gil_demo.check import words
from gil_demo.check.flow.events import Flow
from gil_demo.check.project.functions import Functions
from gil_demo.check.source.pairs import closing_brace
from gil_demo.check.source.source import Function, Source

ALIAS = re.compile(
    r"\busing\s+(\w+)\s*=\s*[\w:]*\b(gil_scoped_(?:release|acquire))\b"
    r"|\btypedef\s+[\w:]*\b(gil_scoped_(?:release|acquire))\s+(\w+)\s*;"
)
CLASS = re.compile(r"\b(?:class|struct)\s+([A-Za-z_]\w*)\b(?=[^;{]{0,500}(\{))")

Flows = Callable[[Function], list[Flow]]


class Guards:
    """The guard classes that are known, pybind11's from the start."""

    def __init__(self) -> None:
        """Begin with what everybody knows."""
        self._kinds: dict[str, str] = {
            **dict.fromkeys(words.RELEASE_GUARDS, "release"),
            **dict.fromkeys(words.ACQUIRE_GUARDS, "hold"),
        }

    def kind(self, name: str) -> str | None:
        """Return ``release`` or ``hold`` for a guard class, and None for any other name."""
        return self._kinds.get(name)

    @property
    def names(self) -> frozenset[str]:
        """Return the names of the guard classes."""
        return frozenset(self._kinds)

    def add_aliases(self, sources: Iterable[Source]) -> None:
        """Note other names that files give to pybind11's guards."""
        for source in sources:
            if "gil_scoped_" in source.text:
                for match in ALIAS.finditer(source.code):
                    name, kind = (match[1], match[2]) if match[1] else (match[4], match[3])
                    self._kinds[name] = "release" if kind.endswith("release") else "hold"

    def add_classes(
        self, switching: Iterable[Function], functions: Functions, flows: Flows
    ) -> None:
        """Note the classes of which a method switches the GIL, if the constructor does."""
        owners = {function.owner: function.source for function in switching if function.owner}
        texts: dict[str, Mapping[str, str]] = {}
        for owner, source in owners.items():
            path = str(source.path)
            if path not in texts:
                texts[path] = _class_texts(source)
            kind = _kind(owner, texts[path].get(owner, ""), functions, flows)
            if kind is not None:
                self._kinds[owner] = kind


def _kind(owner: str, text: str, functions: Functions, flows: Flows) -> str | None:
    """Return what objects of a class do from their constructor to their destructor."""
    methods = functions.by_owner.get(owner, [])
    constructors = [method for method in methods if method.name == owner]
    effects = {flow.summary.effect for one in constructors for flow in flows(one)}
    ensures = any("PyGILState_Ensure" in method.body for method in methods)
    if "acquire" in effects or ("unknown" in effects and ensures):
        return "hold"
    if effects == {"release"}:
        return "release"
    # members with an initial value, or a list of these before the constructor's body
    begins = " ".join([text, *(constructor.header for constructor in constructors)])
    ends = " ".join(method.body for method in methods if method.name == f"~{owner}")
    if "PyGILState_Ensure" in begins and "PyGILState_Release" in ends:
        return "hold"
    if "PyEval_SaveThread" in begins and "PyEval_RestoreThread" in ends:
        return "release"
    return None


def _class_texts(source: Source) -> Mapping[str, str]:
    """Return what stands between the braces of each class of a file."""
    texts: dict[str, str] = {}
    for match in CLASS.finditer(source.code):
        opening = match.start(2)
        texts.setdefault(match[1], source.code[opening + 1 : closing_brace(source.code, opening)])
    return texts
