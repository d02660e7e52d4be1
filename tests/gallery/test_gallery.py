"""Every pattern keeps its promises, and what its children do stays with them."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType

import pytest

from gil_demo.cli import run_command_line
from gil_demo.csource import halves
from gil_demo.gallery import registry
from gil_demo.results.patterns import Ending
from gil_demo.sandbox import pool, rows
from gil_demo.sandbox.rows import try_patterns
from gil_demo.words import Half

ROOT = Path(__file__).parent.parent.parent
PATTERNS = registry.load_all()
HALVES: tuple[Half, ...] = ("unsafe", "safe")
RUNS = 3


@pytest.fixture(scope="module")
def box() -> Iterator[pool.Sandbox]:
    with pool.Sandbox(2) as one:
        yield one


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda one: one.name)
def test_a_half_ends_as_its_page_declares(
    pattern: registry.Pattern, half: Half, box: pool.Sandbox
) -> None:
    """The unsafe half fails in the way that is promised, and the safe half does the job."""
    endings = box.run_all([(pattern, half)] * RUNS, lambda done, steps: None)
    assert [ending.outcome for ending in endings] == [pattern.expected(half)] * RUNS, endings
    assert all(ending.evidence for ending in endings)


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda one: one.name)
def test_the_c_that_is_shown_is_the_c_that_ran(pattern: registry.Pattern) -> None:
    """The module carries the text it was compiled from, and that is the file in the tree."""
    stem = pattern.name.replace("-", "_")
    assert pattern.source == (ROOT / "csrc" / "patterns" / f"{stem}.c").read_text()


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda one: one.name)
def test_both_halves_are_found_in_the_c_and_differ(pattern: registry.Pattern) -> None:
    """The page can set the halves side by side, and marks at least one line that differs."""
    unsafe, safe = halves.compared(pattern.source)
    assert unsafe
    assert safe
    assert any(line.differs for line in [*unsafe, *safe])


PAGE = "A hazard.\n\n" + "\n\n".join(
    f"{part}:\n    https://example.org" for part in registry.PAGE_PARTS
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
    monkeypatch.setattr(registry, "import_module", lambda name: module)
    with pytest.raises(registry.IncompletePattern, match=complaint):
        registry._pattern("lost_update")


def test_a_pattern_without_c_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python half whose C was not compiled is no pattern."""
    module = ModuleType("no_such_file")
    for name, value in COMPLETE.items():
        setattr(module, name, value)
    monkeypatch.setattr(registry, "import_module", lambda name: module)
    with pytest.raises(registry.IncompletePattern, match=r"csrc/patterns/no_such_file\.c"):
        registry._pattern("no_such_file")


def test_a_mistyped_name_suggests_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    """One line on standard error, and exit code 2."""
    assert run_command_line(["show", "lock-ordr"]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err == "gil-demo: there is no pattern 'lock-ordr': did you mean 'lock-order'?\n"


def gil_demo(*arguments: str, **options: object) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-m", "gil_demo", *arguments], **options)  # type: ignore[call-overload, no-any-return]  # options as Popen has them


def descendants(process: int) -> set[int]:
    """All processes below one, as the system lists them."""
    listing = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
    ).stdout
    parents = {int(pid): int(parent) for pid, parent in map(str.split, listing.splitlines())}
    below = {process}
    while grown := {pid for pid, parent in parents.items() if parent in below} - below:
        below |= grown
    return below - {process}


def exists(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_what_is_timed_has_the_machine_to_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ratios of times are measured when nothing else runs, and told in the order asked for."""
    at_once: dict[str, int] = {}

    class Recorder(pool.Sandbox):
        def run_all(
            self, jobs: Sequence[pool.Job], progress: Callable[[int, int], None]
        ) -> list[Ending]:
            at_once.update({subject.name: self._workers for subject, _ in jobs})
            return [Ending(subject.name, half, "ok", "", 0.0) for subject, half in jobs]

    monkeypatch.setattr(rows, "Sandbox", Recorder)
    names = ("tiny-work", "lost-update", "convoy")
    jobs = [(registry.find(name), half) for name in names for half in HALVES]
    told = try_patterns(jobs, 2, lambda done, steps: None)
    assert at_once == {"tiny-work": 1, "lost-update": 2, "convoy": 1}
    assert [(row.name, row.half) for row in told] == [(one.name, half) for one, half in jobs]


def test_a_server_whose_parent_is_gone_says_nothing() -> None:
    """It has nobody to tell, and must not write a traceback over somebody's terminal."""
    server = subprocess.Popen(
        [sys.executable, "-m", "gil_demo.sandbox.server"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert server.stdout is not None
    server.stdout.close()
    _, errors = server.communicate()
    assert b"Traceback" not in errors


def test_a_name_from_the_c_api_leads_to_the_patterns_that_use_it() -> None:
    """Whoever asks for a function hears where to look, and no guess."""
    with pytest.raises(registry.UnknownPattern, match=r"PyArray_DATA is no pattern.*header-read"):
        registry.find("PyArray_DATA")
    with pytest.raises(registry.UnknownPattern, match="did you mean"):
        registry.find("PyNothing_OfTheKind")


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_when_the_command_dies_nothing_is_left_running(how: signal.Signals) -> None:
    """Servers and children are gone soon after their parent, however it died."""
    command = gil_demo(
        "try", "--all", "--repeat", "1000", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 30
        while len(family := descendants(command.pid)) < 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(family) >= 3
        command.send_signal(how)
        command.wait(30)
        while any(map(exists, family)) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert [process for process in family if exists(process)] == []
    finally:
        command.kill()


def test_children_leave_no_file_behind(tmp_path: Path) -> None:
    """No core file, even where the system would write one, and no temporary file."""
    temporary = tmp_path / "temporary"
    folder = tmp_path / "folder"
    temporary.mkdir()
    folder.mkdir()
    command = gil_demo(
        "try",
        "borrowed-reference",
        "--json",
        cwd=folder,
        env={**os.environ, "TMPDIR": str(temporary)},
        preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2
        ),
        stdout=subprocess.PIPE,
    )
    output, _ = command.communicate(timeout=60)
    rows = json.loads(output)["patterns"]
    assert [list(row["outcomes"]) for row in rows] == [["crash"], ["ok"]]
    assert list(folder.iterdir()) == []
    assert list(temporary.iterdir()) == []


PATTERN_C = """\
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

Sources:
    - https://example.org
"""

from gil_demo.lab.lab import Lab
from gil_demo.lab.memory import Finding

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
        if other.stem not in {"__init__", "lost_update"}:
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
