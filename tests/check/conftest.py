"""Fixtures of the tests of the check."""

from pathlib import Path

import pytest
from checking import WRONG


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with one error, in a folder that the person is in."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "one.c"
    path.write_text(WRONG)
    return path
