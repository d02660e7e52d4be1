"""Kinds of bugs that public projects have fixed, told anew: flagged before, silent after."""

from pathlib import Path

import pytest
from checking import findings

pytestmark = pytest.mark.usefixtures("parser")

RETOLD = Path(__file__).parent / "retold"

STORIES = sorted(path for path in RETOLD.rglob("*.c*") if path.read_text().startswith("/* "))


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.stem)
def test_a_bug_is_flagged_before_its_fix_and_silent_after(story: Path) -> None:
    """The first words of a file name the rule; functions are named before and after the fix."""
    rule = story.read_text().removeprefix("/* ").partition(":")[0]
    files = sorted(story.parent.iterdir()) if story.parent != RETOLD else [story]
    found = findings(*files, level="warning")
    assert {one.rule for one in found} == {rule}
    assert all(one.function.endswith("_before") for one in found)


def test_each_file_begins_as_a_story() -> None:
    """One that did not would not be tried."""
    assert [path for path in RETOLD.glob("*.c*") if path not in STORIES] == []
