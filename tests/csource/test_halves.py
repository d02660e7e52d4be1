"""A pattern's C is taken apart so that a reader sees every line that runs."""

import re

import pytest

from gil_demo.csource.functions import functions, items
from gil_demo.csource.halves import compared, halves, unified
from gil_demo.gallery import registry
from gil_demo.gallery.pattern import Pattern

SOURCE = """\
/* A hazard. */

#include "lab.h"

static int both; /* of them */
static int lock;

static int deep(void)
{
    return both;
}

/* Calls deeper. */
static int helper(void)
{
    return deep();
}

static int only_luck(void)
{
    return 1;
}

int name_unsafe(void)
{
    return helper(); /* wrong */
}

int name_safe(void)
{
    lock = 1;
    return helper(); /* right */
}

int name_unforced(void)
{
    return helper() + only_luck();
}

int name_no_gil(void)
{
    return lock + helper();
}

int name_free_threaded(void)
{
    return helper() + 1;
}

int name_ask(int (*half)(void))
{
    return half();
}
"""


def test_helpers_of_both_halves_are_shown_once() -> None:
    """What they use directly or not, with its comments, and what calls either of them."""
    shared = halves(SOURCE).shared
    assert [one.name for one in functions(shared)] == ["deep", "helper", "name_ask"]
    assert shared.startswith("static int both; /* of them */\n\nstatic int deep(void)\n")
    assert "/* Calls deeper. */\nstatic int helper" in shared


def test_what_one_half_uses_is_shown_with_it() -> None:
    """It is a part of what makes the difference."""
    parts = halves(SOURCE)
    assert parts.unsafe == "int name_unsafe(void)\n{\n    return helper(); /* wrong */\n}\n"
    assert parts.safe.startswith("static int lock;\n\nint name_safe(void)\n")


def test_what_only_the_unforced_half_uses_is_not_shown() -> None:
    """The page compares the unsafe half with the safe one."""
    parts = halves(SOURCE)
    assert "only_luck" not in parts.shared + parts.unsafe + parts.safe + parts.no_gil


def test_what_replaces_a_half_elsewhere_is_a_part_of_its_own() -> None:
    """Neither half uses it, so it is not under what both use."""
    parts = halves(SOURCE)
    assert parts.no_gil == "int name_no_gil(void)\n{\n    return lock + helper();\n}\n"
    assert parts.free_threaded == "int name_free_threaded(void)\n{\n    return helper() + 1;\n}\n"
    assert not re.search("_no_gil|_free_threaded", parts.shared + parts.unsafe + parts.safe)
    assert parts.safe.startswith("static int lock;\n\nint name_safe(void)\n")


@pytest.mark.parametrize("pattern", registry.load_all(), ids=lambda one: one.name)
def test_what_both_halves_use_is_used_by_them(pattern: Pattern) -> None:
    """Not only where there is no GIL, or on one build: that has a title of its own."""
    parts = halves(pattern.source)
    for suffix, part in (("_no_gil", parts.no_gil), ("_free_threaded", parts.free_threaded)):
        assert suffix not in parts.shared + parts.unsafe + parts.safe
        assert (part != "") == (suffix in pattern.source)


def test_lines_are_marked_that_the_other_half_does_not_have() -> None:
    """Neither a comment nor the name of the half makes a line differ."""
    unsafe, safe = compared(SOURCE)
    assert [line.text for line in unsafe if line.differs] == []
    assert [line.text for line in safe if line.differs] == ["static int lock;", "    lock = 1;"]


def test_the_difference_names_the_halves() -> None:
    """As patch would have it."""
    assert unified(SOURCE, "name").startswith("--- name (unsafe)\n+++ name (safe)\n")
    assert "\n+    lock = 1;\n" in unified(SOURCE, "name")


@pytest.mark.parametrize("pattern", registry.load_all(), ids=lambda one: one.name)
def test_every_function_that_the_halves_call_is_shown(pattern: Pattern) -> None:
    """Whatever the file defines and a half uses is in one of the parts, once."""
    parts = halves(pattern.source)
    text = "\n".join((parts.shared, parts.unsafe, parts.safe, parts.no_gil, parts.free_threaded))
    shown = [name for item in items(text) for name in item.names]
    assert len(shown) == len(set(shown))
    unforced = {one.name for one in functions(pattern.source) if "unforced" in one.name}
    assert {one.name for one in functions(pattern.source)} - unforced == {
        one.name for one in functions(text)
    }
