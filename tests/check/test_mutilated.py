"""Whatever the text is, the check ends, raises nothing and points into the file."""

from pathlib import Path

import pytest
from checking import TOP, findings
from mutate import mutated

pytestmark = pytest.mark.usefixtures("parser")

SOURCES = sorted(
    path
    for folder in (TOP / "csrc", Path(__file__).parent / "retold")
    for path in folder.rglob("*.c*")
)


@pytest.mark.parametrize("seed", range(200))
def test_mutilated_source_is_checked_without_a_crash(seed: int, tmp_path: Path) -> None:
    """Two hundred of ten thousand that were tried; each place is one that the file has."""
    original = SOURCES[seed % len(SOURCES)]
    text = mutated(original.read_text(), seed)
    file = tmp_path / original.name
    file.write_bytes(text.encode("latin-1", "replace"))
    lines = file.read_bytes().split(b"\n")
    for one in findings(file):
        for place in (one.place, *one.places, *(step.place for step in one.way)):
            assert 1 <= place.line <= len(lines)
            assert 1 <= place.column <= len(lines[place.line - 1]) + 1
            assert place.column < place.end_column
