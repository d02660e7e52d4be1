"""The lesson: its steps in their order, each made from a module's docstring and its `run`.

A step may also have `code`, which gets the C that is shown with its question. Where a step differs
without a GIL, its docstring has further parts: "Why without a GIL" takes the place of "Why" there.
If another answer is right then, the module has `RIGHT_WITHOUT_GIL`.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module
from inspect import cleandoc
from math import ceil

from gil_demo.errors import BadInput
from gil_demo.gallery.page import page_parts
from gil_demo.host import machine
from gil_demo.notation import count
from gil_demo.tour import steps
from gil_demo.tour.step import Source, Step

ORDER = (
    "one_lock",
    "let_go",
    "who_else_runs",
    "may_i_read",
    "does_it_move",
    "may_i_write",
    "inside_the_block",
    "the_question",
    "two_locks",
    "when_not_to",
    "what_numpy_does",
    "ways_past",
)

WORTH = (
    *("one_lock", "let_go", "may_i_read", "may_i_write", "the_question", "who_else_runs"),
    *("inside_the_block", "does_it_move", "two_locks", "what_numpy_does", "when_not_to"),
    "ways_past",
)
"""The steps by what a class would miss most: where time is short, the last ones are left out."""

SPARE = 0.1
"""The part of a lesson's time that a plan leaves for questions and for what takes longer."""

PARTS = (
    "Idea",
    "Question",
    "Answers",
    "Why",
    "Remember",
    "Misconception",
    "Ask",
    "Reply",
    "Otherwise",
    "Read more",
)


WITHOUT_GIL = " without a GIL"
"""Behind the heading of a part that is for an interpreter without a GIL."""


class IncompleteStep(ValueError):
    """A step whose docstring lacks a part; the message says which."""


class NoSuchStep(BadInput, LookupError):
    """The lesson has no step of that number."""


class TooShort(BadInput):
    """No step of the lesson fits into that time."""


@cache
def load_all() -> tuple[Step, ...]:
    """Load the whole lesson, as it is where this runs. Raises `IncompleteStep`."""
    return load_for(gil_enabled=machine.gil_enabled())


def load_for(*, gil_enabled: bool) -> tuple[Step, ...]:
    """Load the whole lesson for an interpreter with a GIL or without. Raises `IncompleteStep`."""
    return tuple(_step(stem, gil_enabled=gil_enabled) for stem in ORDER)


def part(first: int, last: int | None) -> tuple[Step, ...]:
    """Return the steps of these numbers, from 1; without a last one, all from the first on.

    Raises `NoSuchStep`.
    """
    lesson = load_all()
    if not 1 <= first <= (last or len(lesson)) <= len(lesson):
        raise NoSuchStep(f"the lesson has steps 1 to {len(lesson)}: choose among these")
    return lesson[first - 1 : last]


def parts(ranges: Iterable[tuple[int, int | None]]) -> tuple[Step, ...]:
    """Return the steps of several ranges, each once and in the lesson's order; see `part`."""
    chosen = {step for first, last in ranges for step in part(first, last)}
    return tuple(step for step in load_all() if step in chosen)


def plan(minutes: int) -> tuple[Step, ...]:
    """Choose the steps that fit into so many minutes with a class, with a little to spare.

    Raises `TooShort`.
    """
    lesson, chosen = load_all(), set[Step]()
    left = minutes * (1 - SPARE)
    for step in sorted(lesson, key=lambda step: WORTH.index(ORDER[step.number - 1])):
        left -= step.minutes
        if left < 0:
            break
        chosen.add(step)
    if not chosen:
        least = ceil(min(step.minutes for step in lesson) / (1 - SPARE))
        raise TooShort(
            f"no step fits into {count(minutes, 'minute')} with a class: give {least} or more"
        )
    return tuple(step for step in lesson if step in chosen)


def _step(stem: str, *, gil_enabled: bool) -> Step:
    module = import_module(f"{steps.__name__}.{stem}")
    title, parts = page_parts(module.__doc__ or "")
    missing = [part for part in PARTS if not parts.get(part)]
    if missing:
        raise IncompleteStep(f"step {stem}: its docstring lacks {', '.join(missing)}")
    right = module.RIGHT
    if not gil_enabled:
        parts = {part: parts.get(part + WITHOUT_GIL, parts[part]) for part in PARTS}
        right = getattr(module, "RIGHT_WITHOUT_GIL", right)
    return Step(
        number=ORDER.index(stem) + 1,
        steps=len(ORDER),
        name=stem.replace("_", "-"),
        title=title.rstrip("."),
        idea=_flowing(parts["Idea"]),
        question=_flowing(parts["Question"]),
        answers=_items(parts["Answers"]),
        right=right,
        why=_flowing(parts["Why"]),
        remember=_flowing(parts["Remember"]),
        misconception=_flowing(parts["Misconception"]),
        ask=_flowing(parts["Ask"]),
        reply=_flowing(parts["Reply"]),
        otherwise=_flowing(parts["Otherwise"]),
        sources=_sources(stem, parts),
        minutes=module.MINUTES,
        run=module.run,
        code=getattr(module, "code", None),
    )


def _flowing(text: str) -> str:
    """Join a paragraph into one line."""
    return " ".join(text.split())


def _items(text: str) -> tuple[str, ...]:
    """Return the items of a list, each on one line."""
    return tuple(_flowing(item) for item in re.split(r"^- ", cleandoc(text), flags=re.M)[1:])


def _sources(stem: str, parts: Mapping[str, str]) -> tuple[Source, ...]:
    """Parse the links, written as "title: address"."""
    found = []
    for item in _items(parts["Read more"]):
        title, separator, address = item.rpartition(": ")
        if not separator or not address.startswith("https://"):
            raise IncompleteStep(f"step {stem}: write {item!r} as title: https://...")
        found.append(Source(title, address))
    return tuple(found)
