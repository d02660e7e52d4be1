"""Finds the patterns: every module of `gil_demo.patterns` is one."""

import pkgutil
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from inspect import cleandoc
from types import ModuleType
from typing import get_args

from gil_demo import patterns
from gil_demo.errors import BadInput
from gil_demo.gallery import gilexample
from gil_demo.lab.lab import Lab
from gil_demo.lab.memory import Finding
from gil_demo.native.patterns import pattern_source
from gil_demo.words import Half, Outcome

CHAPTERS = (
    "the block",
    "lifetime",
    "reading",
    "writing",
    "arguments",
    "locks and threads",
    "speed",
)

PAGE_PARTS = (
    "Mechanism",
    "What you will see",
    "Why the safe half is safe",
    "Forced",
    "Sources",
)


Declared = Outcome | Mapping[str, Outcome]
"""An outcome, or outcomes by the Python version that each holds from."""


class UnknownPattern(BadInput, LookupError):
    """There is no pattern of that name; the message suggests the nearest."""


class IncompletePattern(BadInput, ValueError):
    """A pattern that lacks something; the message says what to add."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One hazard: its page, its C, and what each half is expected to end in here."""

    name: str
    chapter: str
    question: str
    hazard: str
    page: Mapping[str, str]
    source: str
    unsafe: Outcome
    safe: Outcome
    declared: Mapping[Half, Declared]
    environment: Mapping[str, str]
    module: ModuleType

    @property
    def sentence(self) -> str:
        """What it is about, in a line."""
        return self.hazard

    @property
    def has_unforced(self) -> bool:
        """Whether it is a race that can also be left to chance."""
        return hasattr(self.module, "unforced")

    @property
    def timed(self) -> bool:
        """Whether its halves show ratios of times, which others beside them would spoil."""
        return self.unsafe == "slow"

    def expected(self, half: Half) -> Outcome:
        """The outcome declared for a half on the running interpreter; unforced, it may differ."""
        return self.safe if half == "safe" else self.unsafe

    def run(self, half: Half, lab: Lab) -> Finding:
        """Run a half, in a child: it may well be the end of the process."""
        found: Finding = getattr(self.module, half)(lab)
        return found


Subject = Pattern | gilexample.Claim
"""What has an unsafe and a safe half that can be tried."""


@cache
def load_all() -> tuple[Pattern, ...]:
    """All patterns, chapter by chapter, by name within a chapter. Raises `IncompletePattern`."""
    found = [_pattern(info.name) for info in pkgutil.iter_modules(patterns.__path__)]
    return tuple(sorted(found, key=lambda one: (CHAPTERS.index(one.chapter), one.name)))


def find(name: str) -> Pattern:
    """The pattern of that name. Raises `UnknownPattern`."""
    known = {pattern.name: pattern for pattern in load_all()}
    if name not in known:
        speaking = [one.name for one in known.values() if name in one.source]
        if re.fullmatch(r"_?Py\w+", name) and speaking:
            raise UnknownPattern(f"{name} is no pattern; it is in the C of {', '.join(speaking)}")
        (nearest,) = get_close_matches(name, [*known, gilexample.NAME], n=1, cutoff=0.0)
        raise UnknownPattern(f"there is no pattern {name!r}: did you mean {nearest!r}?")
    return known[name]


def subjects(name: str) -> tuple[Subject, ...]:
    """What trying a name runs: a pattern, a claim, or all claims about the question's program."""
    if name == gilexample.NAME:
        return gilexample.CLAIMS
    claims = {claim.name: claim for claim in gilexample.CLAIMS}
    return (claims.get(name) or find(name),)


def _pattern(stem: str) -> Pattern:
    module = import_module(f"{patterns.__name__}.{stem}")
    name = stem.replace("_", "-")
    hazard, page = _page(name, module.__doc__ or "")
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
    if module.CHAPTER not in CHAPTERS:
        raise IncompletePattern(f"pattern {name}: CHAPTER must be one of {', '.join(CHAPTERS)}")
    return Pattern(
        name=name,
        chapter=module.CHAPTER,
        question=module.QUESTION,
        hazard=hazard,
        page=page,
        source=source or "",
        unsafe=_declared(name, "UNSAFE", module.UNSAFE),
        safe=_declared(name, "SAFE", getattr(module, "SAFE", "ok")),
        declared={"unsafe": module.UNSAFE, "safe": getattr(module, "SAFE", "ok")},
        environment=getattr(module, "ENVIRONMENT", {}),
        module=module,
    )


def _declared(name: str, what: str, declared: Declared) -> Outcome:
    """The outcome for this interpreter."""
    if not isinstance(declared, str):
        here = sys.version_info[:2]
        known = [version for version in declared if _version(version) <= here]
        if not known:
            raise IncompletePattern(f"pattern {name}: {what} says nothing of Python {here}")
        declared = declared[max(known, key=_version)]
    if declared not in get_args(Outcome):
        raise IncompletePattern(f"pattern {name}: {what} {declared!r} is no outcome")
    return declared


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def _page(name: str, docstring: str) -> tuple[str, dict[str, str]]:
    """The hazard in a line, and the page's parts by their headings."""
    head, page = page_parts(docstring)
    missing = [part for part in PAGE_PARTS if not page.get(part)]
    if not head or missing:
        lack = ", ".join(missing) or "the hazard in a line"
        raise IncompletePattern(f"pattern {name}: its docstring lacks {lack}")
    if "https://" not in page["Sources"]:
        raise IncompletePattern(f"pattern {name}: its Sources name no address")
    return head, page


def page_parts(docstring: str) -> tuple[str, dict[str, str]]:
    """What a docstring begins with, and its parts by their headings."""
    head, *rest = re.split(r"^(\S[^\n]*):$\n", cleandoc(docstring), flags=re.MULTILINE)
    return head.strip(), {
        heading: cleandoc("\n" + text) for heading, text in zip(rest[::2], rest[1::2], strict=True)
    }
