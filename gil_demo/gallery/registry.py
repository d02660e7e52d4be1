"""Finds what there is to try: each module of `gil_demo.patterns`, and the question's claims."""

import pkgutil
import re
from difflib import get_close_matches
from functools import cache

from gil_demo import patterns
from gil_demo.errors import BadInput
from gil_demo.gallery import pattern
from gil_demo.gallery.pattern import CHAPTERS, Pattern
from gil_demo.gallery.question import page
from gil_demo.gallery.question.claims import CLAIMS
from gil_demo.gallery.subject import Subject


class UnknownPattern(BadInput, LookupError):
    """There is no pattern of that name; the message suggests the nearest."""


@cache
def load_all() -> tuple[Pattern, ...]:
    """Return all patterns, chapter by chapter, by name within one. Raises `IncompletePattern`."""
    found = [pattern.load(info.name) for info in pkgutil.iter_modules(patterns.__path__)]
    return tuple(sorted(found, key=lambda one: (CHAPTERS.index(one.chapter), one.name)))


def find(name: str) -> Pattern:
    """Return the pattern of that name. Raises `UnknownPattern`."""
    known = {one.name: one for one in load_all()}
    if name not in known:
        speaking = [one.name for one in known.values() if name in one.source]
        if re.fullmatch(r"_?Py\w+", name) and speaking:
            raise UnknownPattern(f"{name} is no pattern; it is in the C of {', '.join(speaking)}")
        (nearest,) = get_close_matches(name, [*known, page.NAME], n=1, cutoff=0.0)
        raise UnknownPattern(f"there is no pattern {name!r}: did you mean {nearest!r}?")
    return known[name]


def subjects(name: str) -> tuple[Subject, ...]:
    """Return what a name stands for: a pattern, a claim, or all claims about the question."""
    if name == page.NAME:
        return CLAIMS
    claims = {claim.name: claim for claim in CLAIMS}
    return (claims.get(name) or find(name),)
