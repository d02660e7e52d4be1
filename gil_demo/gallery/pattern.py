"""A pattern: the module of its page and its Python halves, its C, and how each half ends."""

import sys
from collections.abc import Container, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import get_args

from gil_demo import patterns
from gil_demo.csource.comments import opening_comment
from gil_demo.errors import BadInput
from gil_demo.gallery.page import page_parts
from gil_demo.host import machine
from gil_demo.lab.lab import Lab
from gil_demo.native.patterns import pattern_source
from gil_demo.results.patterns import Finding
from gil_demo.words import FREE_THREADED, NO_GIL, Expected, Half, Outcome, each

CHAPTERS = (
    "the block",
    "lifetime",
    "reading",
    "writing",
    "arguments",
    "locks and threads",
    "speed",
)

OWN_CODE = "In your own code"
"""The part that says how to find a hazard, how it looks through pybind11 and others, who met it."""

PAGE_PARTS = (
    "Mechanism",
    "What you will see",
    "Why the safe half is safe",
    "Forced",
    OWN_CODE,
    "Sources",
)


Declared = Expected | Mapping[str, Expected]
"""An outcome or several, or these by the Python version that each holds from and by the two keys.

Where several keys apply, `NO_GIL` comes before `FREE_THREADED`, and that before a version.
"""


Hazards = Mapping[str, str]
"""By the same two keys: the hazard in a line where the first line of the page does not hold."""


class IncompletePattern(BadInput, ValueError):
    """A pattern that lacks something; the message says what to add."""


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """One hazard: its page, its C, and the outcome that is declared for each half here.

    `hazard` is the first line of the page, or what the module's `HAZARD` has in its place here.
    `needs_gil` says in a clause why the safe half is safe only where there is a GIL; it is empty
    where the half is safe without one.
    """

    name: str
    chapter: str
    question: str
    hazard: str
    page: Mapping[str, str]
    source: str
    unsafe: Expected
    safe: Expected
    declared: Mapping[Half, Declared]
    environment: Mapping[str, str]
    needs_gil: str
    module: ModuleType

    @property
    def sentence(self) -> str:
        """Return what it is about, in a line."""
        return self.hazard

    @property
    def has_unforced(self) -> bool:
        """Return whether it is a race that can also be left to chance."""
        return hasattr(self.module, "unforced")

    @property
    def timed(self) -> bool:
        """Return whether its halves show ratios of times, which others beside them would spoil."""
        return "slow" in each(self.unsafe)

    def expected(self, half: Half) -> Expected:
        """Return what is declared for a half; where chance decides, it may differ."""
        return self.safe if half == "safe" else self.unsafe

    def caveat(self, half: Half) -> str:
        """Say why a half is safe only with a GIL, where there is none now; else nothing."""
        return self.needs_gil if half == "safe" and not machine.gil_enabled() else ""

    def run(self, half: Half, lab: Lab) -> Finding:
        """Run a half, in a child: it may end the process."""
        found: Finding = getattr(self.module, half)(lab)
        return found


def load(stem: str) -> Pattern:
    """Return the pattern of a module of `gil_demo.patterns`. Raises `IncompletePattern`."""
    module = import_module(f"{patterns.__name__}.{stem}")
    name = stem.replace("_", "-")
    first_line, page = _page(name, module.__doc__ or "")
    source = pattern_source(stem)
    lacks = [
        f"{what} in gil_demo/patterns/{stem}.py"
        for what in ("CHAPTER", "QUESTION", "UNSAFE", "unsafe", "safe")
        if not hasattr(module, what)
    ]
    if source is None:
        lacks.append(f"csrc/patterns/{stem}.c, compiled")
    if lacks:
        raise IncompletePattern(f"pattern {name}: add {', '.join(lacks)}")
    opening = opening_comment(source or "")
    for phrase in ("on purpose", f"gil-demo show {name}"):
        if phrase not in opening:
            raise IncompletePattern(
                f"pattern {name}: begin csrc/patterns/{stem}.c with a comment that says what it"
                " shows, that the unsafe half is wrong on purpose, and where its page is:"
                f" gil-demo show {name}"
            )
    if module.CHAPTER not in CHAPTERS:
        raise IncompletePattern(f"pattern {name}: CHAPTER must be one of {', '.join(CHAPTERS)}")
    return Pattern(
        name=name,
        chapter=module.CHAPTER,
        question=module.QUESTION,
        hazard=_hazard(first_line, getattr(module, "HAZARD", {})),
        page=page,
        source=source or "",
        unsafe=_declared(name, "UNSAFE", module.UNSAFE),
        safe=_declared(name, "SAFE", getattr(module, "SAFE", "ok")),
        declared={"unsafe": module.UNSAFE, "safe": getattr(module, "SAFE", "ok")},
        environment=getattr(module, "ENVIRONMENT", {}),
        needs_gil=getattr(module, "SAFE_NEEDS_GIL", ""),
        module=module,
    )


def _declared(name: str, what: str, declared: Declared) -> Expected:
    """Return the outcome or outcomes for this interpreter as it is now."""
    if isinstance(declared, Mapping):
        declared = _for_this_interpreter(name, what, declared)
    for one in each(declared):
        if one not in get_args(Outcome):
            raise IncompletePattern(f"pattern {name}: {what} {one!r} is no outcome")
    return declared


def _hazard(first_line: str, elsewhere: Hazards) -> str:
    """Return the hazard in a line for this interpreter as it is now."""
    key = _key_here(elsewhere)
    return elsewhere[key] if key else first_line


def _key_here(keys: Container[str]) -> str | None:
    """Return the one of the two keys that applies to this interpreter as it is now, if one does."""
    if NO_GIL in keys and not machine.gil_enabled():
        return NO_GIL
    if FREE_THREADED in keys and machine.free_threaded():
        return FREE_THREADED
    return None


def _for_this_interpreter(name: str, what: str, declared: Mapping[str, Expected]) -> Expected:
    if key := _key_here(declared):
        return declared[key]
    here = sys.version_info[:2]
    known = [key for key in versions(declared) if _version(key) <= here]
    if not known:
        raise IncompletePattern(f"pattern {name}: {what} says nothing of Python {here}")
    return declared[max(known, key=_version)]


def versions(declared: Mapping[str, Expected]) -> list[str]:
    """List the Python versions that outcomes are declared from."""
    return [key for key in declared if key not in (NO_GIL, FREE_THREADED)]


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def _page(name: str, docstring: str) -> tuple[str, dict[str, str]]:
    """Return the hazard in a line, and the page's parts by their headings."""
    head, page = page_parts(docstring)
    missing = [part for part in PAGE_PARTS if not page.get(part)]
    if not head or missing:
        lack = ", ".join(missing) or "the hazard in a line"
        raise IncompletePattern(f"pattern {name}: its docstring lacks {lack}")
    if "https://" not in page["Sources"]:
        raise IncompletePattern(f"pattern {name}: its Sources name no address")
    return head, page
