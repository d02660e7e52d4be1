"""Where there is no GIL, no line about a pattern says that a thread has it or waits for it."""

import os
import re
from collections.abc import Callable
from importlib import import_module
from typing import Any
from unittest.mock import MagicMock

import pytest

from gil_demo.csource.halves import halves
from gil_demo.gallery import pattern, registry
from gil_demo.host import machine
from gil_demo.words import each

STEMS = [one.name.replace("-", "_") for one in registry.load_all()]
WAITING = ("hidden_lock", "lock_order", "wait_with_gil")
SAYS_THERE_IS_ONE = r"\bthe GIL\b|\ba GIL that\b"

Load = Callable[[str], pattern.Pattern]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Load:
    """Load a pattern as an interpreter does that runs without a GIL."""
    monkeypatch.setattr(machine, "gil_enabled", lambda: False)
    monkeypatch.setattr(machine, "free_threaded", lambda: True)
    return pattern.load


@pytest.mark.parametrize("stem", STEMS)
def test_no_hazard_says_that_there_is_a_gil(stem: str, load: Load) -> None:
    """Neither that somebody holds it, nor that somebody releases it or asks for it."""
    assert not re.search(SAYS_THERE_IS_ONE, load(stem).hazard)


@pytest.mark.parametrize("stem", STEMS)
def test_no_hazard_speaks_of_a_block_that_does_not_run(stem: str, load: Load) -> None:
    """Some unsafe halves have no block there: C stays attached."""
    one = load(stem)
    code = halves(one.source).no_gil
    if code and "Py_BEGIN_ALLOW_THREADS" not in code:
        assert "block" not in one.hazard


@pytest.mark.parametrize(
    ("gil", "free_threaded", "counted"), [(True, False, 0), (True, True, 1), (False, True, 1)]
)
def test_a_hazard_of_another_build_is_not_told(
    gil: bool, free_threaded: bool, counted: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A free-threaded build loses no reference, whether it runs with a GIL or without."""
    monkeypatch.setattr(machine, "gil_enabled", lambda: gil)
    monkeypatch.setattr(machine, "free_threaded", lambda: free_threaded)
    hazards = [pattern.load(stem).hazard for stem in ("refcount_race", "convoy")]
    assert ("never counted" in hazards[0]) == (not counted)
    assert hazards[0].count("this build counts all") == counted
    assert ("after each, C waits for the GIL" in hazards[1]) == gil


@pytest.mark.parametrize("gil", [True, False], ids=["with a GIL", "without"])
@pytest.mark.parametrize("stem", WAITING)
def test_a_deadlock_is_told_with_the_gil_only_where_one_is(
    stem: str, gil: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without one the threads wait for the end of a collection, and the row says so."""
    module: Any = import_module(f"gil_demo.patterns.{stem}")
    monkeypatch.setattr(module, "gil_enabled", lambda: gil)
    monkeypatch.setattr(module, "Thread", MagicMock())
    monkeypatch.setattr(os, "pipe", lambda: (0, 0))
    lab = MagicMock()
    module.unsafe(lab)
    (text,) = lab.expect_deadlock.call_args.args
    assert ("GIL" in text) == gil
    assert ("collect" in text) == (not gil)


def test_no_further_pattern_waits_for_the_gil() -> None:
    """The one that is left waits for a mutex of C alone."""
    found = {one.name for one in registry.load_all() if "deadlock" in each(one.unsafe)}
    assert found == {*(stem.replace("_", "-") for stem in WAITING), "fork-with-lock"}
