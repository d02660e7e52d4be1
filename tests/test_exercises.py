"""Each solution of an exercise runs by itself and asserts what it claims."""

import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"
SOLUTIONS = sorted((DOCS / "exercises").glob("*.py"))


@pytest.mark.parametrize("solution", SOLUTIONS, ids=lambda solution: solution.stem)
def test_a_solution_keeps_what_it_claims(solution: Path, tmp_path: Path) -> None:
    """Run as a student would, in any folder: its asserts hold, and it says what it found."""
    assert "\nassert " in solution.read_text("utf-8") or "\n    assert " in solution.read_text()
    ended = subprocess.run(
        [sys.executable, str(solution)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout
    assert not list(tmp_path.iterdir())


def test_each_exercise_is_stated_in_the_lesson_plan() -> None:
    """A teacher finds the exercise, and its solution, where the lesson is."""
    plan = (DOCS / "classroom.md").read_text("utf-8")
    for solution in SOLUTIONS:
        assert f"](exercises/{solution.name})" in plan
