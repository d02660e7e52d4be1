"""In an unusual environment every answer is a true one, or an honest *inconclusive*.

The matrix: allocators, dev mode, tools that trace, switch interval, scheduling, limits, locale.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest
from contradictions import contradictions

from gil_demo.host import machine

MALLOC = "mimalloc" if machine.free_threaded() else "malloc"
"""Such a build has no other allocator."""

TRY = ("try", "missing-end", "nested-begin", "lock-order", "convoy", "strided-view", "--json")
TOUR = ("tour", "--no-input", "--json")
PICTURE = ("run", "--quick", "--rounds", "1", "--json")

PROFILED = """
import os, sys
sink = os.open(os.devnull, os.O_WRONLY)
sys.setprofile(lambda *seen: os.write(sink, b"x"))
"""

TRACED = """
import sys
def trace(*seen):
    return trace
sys.settrace(trace)
"""

INTERVAL = "import sys; sys.setswitchinterval({})"


class Place(NamedTuple):
    """A command in an environment: what to set, what stands before it, what Python runs first."""

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str] = MappingProxyType({})
    before: tuple[str, ...] = ()
    first: str = ""


PLACES = (
    *(Place(f"malloc {one}", TRY, {"PYTHONMALLOC": one}) for one in ("debug", MALLOC)),
    Place("dev mode", TRY, {"PYTHONDEVMODE": "1"}),
    Place("tracemalloc", TRY, {"PYTHONTRACEMALLOC": "1"}),
    Place("filled memory", TRY, {"MALLOC_PERTURB_": "165"}),
    Place("unbuffered", PICTURE, {"PYTHONUNBUFFERED": "1"}),
    Place("plain locale", PICTURE, {"LC_ALL": "C", "PYTHONUTF8": "0"}),
    Place("optimised", PICTURE, {"PYTHONOPTIMIZE": "1"}),
    Place("profiled", (*TOUR, "--step", "11-12"), first=PROFILED),
    Place("traced", (*TOUR, "--step", "11-12"), first=TRACED),
    Place("long interval", (*TOUR, "--step", "1-3"), first=INTERVAL.format(0.1)),
    Place("short interval", (*TOUR, "--step", "1-3"), first=INTERVAL.format(1e-6)),
    Place("children ignored", TRY, before=("sh", "-c", "trap '' CHLD; exec \"$@\"", "sh")),
    Place("first process", TRY, before=("unshare", "--pid", "--fork", "--mount-proc")),
    Place("one core", PICTURE, before=("taskset", "-c", "0")),
    Place("lowest priority", PICTURE, before=("nice", "-n", "19")),
    Place("real time", TRY, before=("chrt", "-f", "10")),
    Place("small stack", PICTURE, before=("sh", "-c", 'ulimit -s 256; exec "$@"', "sh")),
    Place("few files", PICTURE, before=("sh", "-c", 'ulimit -n 64; exec "$@"', "sh")),
)


def works(before: tuple[str, ...]) -> bool:
    """Whether this system has the command in front, and lets us use it."""
    if not before:
        return True
    if shutil.which(before[0]) is None:
        return False
    return subprocess.run([*before, "true"], capture_output=True, check=False).returncode == 0


HERE = [place for place in PLACES if works(place.before)]


def told(place: Place, folder: Path) -> tuple[int, dict[str, Any]]:
    """The exit code of the command there, and the document that it prints."""
    if place.first:
        (folder / "sitecustomize.py").write_text(place.first)
    done = subprocess.run(
        [*place.before, sys.executable, "-m", "gil_demo", *place.arguments],
        env={
            **os.environ,
            **({"PYTHONPATH": str(folder)} if place.first else {}),
            **place.environment,
        },
        cwd=folder.parent,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, document


@pytest.mark.parametrize("place", HERE, ids=lambda place: place.name)
def test_what_is_said_there_is_true(place: Place, tmp_path: Path) -> None:
    """Nothing is contradicted, neither by the run nor by the checker."""
    folder = tmp_path / "first"
    folder.mkdir()
    code, document = told(place, folder)
    assert contradictions(document) == []
    states = [
        document.get("verdict", {}).get("state"),
        *(one["state"] for one in document.get("steps", [])),
    ]
    assert "contradicted" not in states
    if place.arguments[0] == "try":
        wrong = [row for row in document["patterns"] if row["as_expected"] < row["runs"]]
        assert [row for row in wrong if set(row["outcomes"]) != {"unfinished"}] == []
        assert code == (3 if wrong else 0)
        if place.name not in ("traced", "profiled"):
            assert not wrong


def test_the_system_has_most_of_the_matrix() -> None:
    """What is only variables is always there."""
    assert len(HERE) >= sum(not place.before for place in PLACES)
