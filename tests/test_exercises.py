"""Each solution of an exercise runs by itself and asserts what it claims."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"
SOLUTIONS = sorted((DOCS / "exercises").glob("*.py"))

STORES_IF_UNCHANGED = """\
        while (!atomic_compare_exchange_strong(&cells[cell], &seen, seen + 1))
            again++;
"""
STORES_WHAT_IT_SAW = """\
        meet(); /* all have loaded */
        atomic_store(&cells[cell], seen + 1);
"""

FAULTS = {
    "a store in place of the exchange": (
        STORES_IF_UNCHANGED,
        "        atomic_store(&cells[cell], seen + 1);\n",
    ),
    "a plain addition in place of the exchange": (
        STORES_IF_UNCHANGED,
        "        *(volatile long *)&cells[cell] += 1;\n",
    ),
    "no loop": (
        "    for (long i = 0; i < times; i++) {\n",
        "    atomic_fetch_add(&cells[cell], times);\n    for (; 0;) {\n        long i = 0;\n",
    ),
    "a loop that counts nothing": (
        STORES_WHAT_IT_SAW,
        STORES_WHAT_IT_SAW.replace("seen + 1", "seen"),
    ),
    "a loop in which nobody meets": (
        STORES_WHAT_IT_SAW,
        STORES_WHAT_IT_SAW.replace("meet();", ""),
    ),
}
"""What to replace in count_without_losing.py by what."""


def run(script: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run as a student would, in any folder."""
    return subprocess.run(
        [sys.executable, str(script)], cwd=folder, capture_output=True, text=True, timeout=120
    )


@pytest.mark.parametrize("solution", SOLUTIONS, ids=lambda solution: solution.stem)
def test_a_solution_keeps_what_it_claims(solution: Path, tmp_path: Path) -> None:
    """Its asserts hold, it says what it found, and it leaves nothing behind."""
    assert re.search(r"^ *assert ", solution.read_text("utf-8"), flags=re.MULTILINE)
    ended = run(solution, tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("fault", FAULTS)
def test_a_count_that_is_wrong_is_found(fault: str, tmp_path: Path) -> None:
    """What the solution asserts is no matter of luck: with a fault in its C it never holds."""
    solution = (DOCS / "exercises" / "count_without_losing.py").read_text("utf-8")
    right, wrong = FAULTS[fault]
    assert right in solution
    faulty = tmp_path / "faulty.py"
    faulty.write_text(solution.replace(right, wrong), "utf-8")
    ended = run(faulty, tmp_path)
    assert ended.returncode == 1
    assert ended.stderr.strip().endswith("AssertionError")


def test_each_exercise_is_stated_in_the_lesson_plan() -> None:
    """A teacher finds the exercise, and its solution, where the lesson is."""
    plan = (DOCS / "classroom.md").read_text("utf-8")
    for solution in SOLUTIONS:
        assert f"](exercises/{solution.name})" in plan
