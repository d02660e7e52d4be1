"""Finds what there is to try: each module of `gil_demo.patterns`, and the question's claims."""

import pkgutil
from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache
from pathlib import PurePath

from gil_demo import patterns
from gil_demo.errors import BadInput
from gil_demo.gallery import pattern
from gil_demo.gallery import search as searching
from gil_demo.gallery.pattern import CHAPTERS, Pattern
from gil_demo.gallery.question import page
from gil_demo.gallery.question.claims import CLAIMS
from gil_demo.gallery.subject import Subject
from gil_demo.host import machine

C_SUFFIXES = {".c", ".h", ".cc", ".cpp", ".cxx", ".hpp"}

NEAR = 0.7
"""How alike a name must be to be suggested: deadlock and hidden-lock are not (0.63)."""


class UnknownPattern(BadInput, LookupError):
    """There is no pattern of that name, or with those words; the message says what to do."""


class NeedsGil(BadInput, LookupError):
    """A claim cannot be shown without a GIL; the message says what to do."""


@cache
def load_all() -> tuple[Pattern, ...]:
    """Return all patterns, chapter by chapter, by name within one. Raises `IncompletePattern`."""
    found = [pattern.load(info.name) for info in pkgutil.iter_modules(patterns.__path__)]
    return tuple(sorted(found, key=lambda one: (CHAPTERS.index(one.chapter), one.name)))


def find(name: str) -> Pattern:
    """Return the pattern of that name. Raises `UnknownPattern`."""
    known = {one.name: one for one in load_all()}
    if name not in known:
        raise UnknownPattern(f"there is no pattern {name!r}: {_way_on(name, known)}")
    return known[name]


def search(words: str) -> tuple[Pattern, ...]:
    """Return the patterns whose page has the words. Raises `UnknownPattern` if none has."""
    found = searching.search(words, load_all())
    if not found:
        raise UnknownPattern(f"no page has {words!r}: 'gil-demo list' shows all patterns")
    return found


def _way_on(name: str, known: Iterable[str]) -> str:
    """Say what to do next after a name that no pattern has."""
    suffix = PurePath(name).suffix.lower()
    if suffix in C_SUFFIXES or name.endswith("/"):
        return f"'gil-demo check {name}' looks for unsafe C in a file or a folder"
    if suffix == ".py":
        return f"'gil-demo guard {name}' and 'gil-demo watch {name}' run a program"
    near = get_close_matches(name, [*known, page.NAME, *(claim.name for claim in CLAIMS)], 1, NEAR)
    if near:
        return f"did you mean {near[0]!r}?"
    count = len(searching.search(name, load_all()))
    if count:
        return f"'gil-demo list {name}' finds {count} page{'s' * (count > 1)} with this word"
    return "'gil-demo list' shows all, and 'gil-demo list WORD' those with a word in their page"


def subjects(name: str) -> tuple[Subject, ...]:
    """Return what a name stands for: a pattern, a claim, or all claims that can be shown here.

    Raises `UnknownPattern`, and `NeedsGil` for a claim that only a GIL lets us show.
    """
    if name == page.NAME:
        return tuple(claim for claim in CLAIMS if machine.gil_enabled() or not claim.needs_gil)
    claims = {claim.name: claim for claim in CLAIMS}
    claim = claims.get(name)
    if claim and claim.needs_gil and not machine.gil_enabled():
        raise NeedsGil(
            f"{name} is shown by a thread that runs while C has released the GIL, and this"
            " interpreter has none: set PYTHON_GIL=1 to try it"
        )
    return (claim or find(name),)
