"""Every pattern keeps its promises, and one that lacks something is refused with what to add."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from gil_demo.csource import halves
from gil_demo.gallery import pattern, registry
from gil_demo.gallery.pattern import Declared
from gil_demo.host import machine
from gil_demo.sandbox import pool
from gil_demo.words import FREE_THREADED, NO_GIL, Half, each

ROOT = Path(__file__).parent.parent.parent
PATTERNS = registry.load_all()
HALVES: tuple[Half, ...] = ("unsafe", "safe")
RUNS = 3


@pytest.fixture(scope="module")
def box() -> Iterator[pool.Sandbox]:
    with pool.Sandbox(2) as one:
        yield one


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("one", PATTERNS, ids=lambda one: one.name)
def test_a_half_ends_as_its_page_declares(
    one: pattern.Pattern, half: Half, box: pool.Sandbox
) -> None:
    """The unsafe half fails in the way that is promised, and the safe half does the job."""
    endings = box.run_all([(one, half)] * RUNS, lambda done, steps: None)
    assert {ending.outcome for ending in endings} <= set(each(one.expected(half))), endings


@pytest.mark.parametrize("one", PATTERNS, ids=lambda one: one.name)
def test_the_c_that_is_shown_is_the_c_that_ran(one: pattern.Pattern) -> None:
    """The module carries the text it was compiled from, and that is the file in the tree."""
    stem = one.name.replace("-", "_")
    assert one.source == (ROOT / "csrc" / "patterns" / f"{stem}.c").read_text()


@pytest.mark.parametrize("one", PATTERNS, ids=lambda one: one.name)
def test_both_halves_are_found_in_the_c_and_differ(one: pattern.Pattern) -> None:
    """The page can set the halves side by side, and marks at least one line that differs."""
    unsafe, safe = halves.compared(one.source)
    assert unsafe
    assert safe
    assert any(line.differs for line in [*unsafe, *safe])


@pytest.mark.parametrize("one", PATTERNS, ids=lambda one: one.name)
def test_a_page_says_how_the_hazard_looks_through_other_tools(one: pattern.Pattern) -> None:
    """Whoever writes no C by hand finds the tool that they use."""
    text = one.page[pattern.OWN_CODE]
    named = [word for word in ("pybind11", "nanobind", "Cython", "Numba", "ctypes") if word in text]
    assert len(named) > 2, named


PAGE = "A hazard.\n\n" + "\n\n".join(
    f"{part}:\n    https://example.org" for part in pattern.PAGE_PARTS
)
COMPLETE: dict[str, object] = {
    "__doc__": PAGE,
    "CHAPTER": "reading",
    "QUESTION": "May I?",
    "UNSAFE": "crash",
    "unsafe": print,
    "safe": print,
}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"__doc__": ""}, "its docstring lacks"),
        ({"__doc__": PAGE.replace("https://", "")}, "its Sources name no address"),
        ({"__doc__": PAGE.replace("Forced:", "Other:")}, "lacks Forced"),
        ({"QUESTION": None}, "add QUESTION in"),
        ({"UNSAFE": None}, "add UNSAFE in"),
        ({"safe": None}, "add safe in"),
        ({"UNSAFE": "explosion"}, "'explosion' is no outcome"),
        ({"UNSAFE": {"9.9": "crash"}}, "says nothing of Python"),
        ({"CHAPTER": "magic"}, "CHAPTER must be one of"),
    ],
)
def test_an_incomplete_pattern_is_refused_with_what_to_add(
    change: dict[str, object], complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever adds a pattern is told what it still lacks."""
    module = ModuleType("lost_update")
    for name, value in {**COMPLETE, **change}.items():
        if value is not None:
            setattr(module, name, value)
    monkeypatch.setattr(pattern, "import_module", lambda name: module)
    with pytest.raises(pattern.IncompletePattern, match=complaint):
        pattern.load("lost_update")


def test_a_pattern_without_c_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python half whose C was not compiled is no pattern."""
    module = ModuleType("no_such_file")
    for name, value in COMPLETE.items():
        setattr(module, name, value)
    monkeypatch.setattr(pattern, "import_module", lambda name: module)
    with pytest.raises(pattern.IncompletePattern, match=r"csrc/patterns/no_such_file\.c"):
        pattern.load("no_such_file")


@pytest.mark.parametrize(
    "opening",
    [
        "",
        "/* The unsafe half is wrong on purpose. */",
        "/* The page: gil-demo show lost-update */",
        "int x; /* wrong on purpose, gil-demo show lost-update */",
    ],
)
def test_c_that_does_not_say_what_it_is_is_refused(
    opening: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader who opens the file must learn that it is wrong on purpose, and where to read on."""
    monkeypatch.setattr(pattern, "pattern_source", lambda stem: f"{opening}\nint y;\n")
    with pytest.raises(pattern.IncompletePattern, match=r"begin csrc/patterns/lost_update\.c"):
        pattern.load("lost_update")


PATTERN_C = """\
/* One is not added. The unsafe half is wrong on purpose.
   Its page: gil-demo show a-new-one */

#include "lab.h"

int a_new_one_unsafe(int x)
{
    return x;
}

int a_new_one_safe(int x)
{
    return x + 1;
}
"""
PATTERN_PYTHON = '''\
"""A pattern that a test adds.

Mechanism:
    The unsafe half forgets to add one.

What you will see:
    A wrong value.

Why the safe half is safe:
    It adds one.

Forced:
    Nothing.

In your own code:
    Count.

Sources:
    - https://example.org
"""

from gil_demo.lab.lab import Lab
from gil_demo.results.patterns import Finding

CHAPTER = "reading"
QUESTION = "Is one more than nothing?"
UNSAFE = "wrong-value"


def unsafe(lab: Lab) -> Finding:
    """Nothing added."""
    return lab.compare("one more than 0", lab.c.a_new_one_unsafe(0), 1)


def safe(lab: Lab) -> Finding:
    """One added."""
    return lab.compare("one more than 0", lab.c.a_new_one_safe(0), 1)
'''


def test_adding_a_pattern_takes_two_files(tmp_path: Path) -> None:
    """With them in place and the C built, it is listed, shown and tried."""
    tree = tmp_path / "tree"
    ignored = shutil.ignore_patterns(".*", "build", "tests", "docs", "*.so", "__pycache__")
    shutil.copytree(ROOT, tree, ignore=ignored)
    for other in [*tree.glob("csrc/patterns/*.c"), *tree.glob("gil_demo/patterns/*.py")]:
        if other.stem not in {"__init__", "lab", "lost_update", "borrowed_reference"}:
            other.unlink()
    (tree / "csrc" / "patterns" / "a_new_one.c").write_text(PATTERN_C)
    (tree / "gil_demo" / "patterns" / "a_new_one.py").write_text(PATTERN_PYTHON)
    subprocess.run(
        [sys.executable, "setup.py", "-q", "build_ext", "--inplace"],
        cwd=tree,
        check=True,
        capture_output=True,
    )

    def told(*arguments: str) -> str:
        command = [sys.executable, "-m", "gil_demo", *arguments]
        done = subprocess.run(command, cwd=tree, check=True, capture_output=True, text=True)
        return done.stdout

    assert "Is one more than nothing?" in told("list")
    assert "return x + 1;" in told("show", "a-new-one")
    rows = json.loads(told("try", "a-new-one", "--json"))["patterns"]
    assert [row["outcomes"] for row in rows] == [{"wrong-value": 1}, {"ok": 1}]


@pytest.mark.parametrize(
    ("gil_enabled", "free_threaded", "outcome"),
    [(True, False, "crash"), (True, True, "stall"), (False, True, "ok")],
)
def test_an_outcome_is_declared_by_build_and_by_whether_a_gil_is_there(
    gil_enabled: bool, free_threaded: bool, outcome: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is no GIL now, what is declared for that comes first."""
    monkeypatch.setattr(machine, "gil_enabled", lambda: gil_enabled)
    monkeypatch.setattr(machine, "free_threaded", lambda: free_threaded)
    declared: Declared = {"3.11": "crash", FREE_THREADED: "stall", NO_GIL: "ok"}
    assert pattern._declared("some", "UNSAFE", declared) == outcome
