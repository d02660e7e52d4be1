"""What the tests of the lesson share."""

import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest


def left() -> set[Path | threading.Thread]:
    """Open files and threads."""
    return {*Path("/dev/fd").iterdir(), *threading.enumerate()}


@pytest.fixture
def nothing_is_left() -> Iterator[None]:
    """No open file, thread or child more than before, though those of earlier tests may go."""
    before, interval = left(), sys.getswitchinterval()
    yield
    assert left() - before == set()
    assert sys.getswitchinterval() == interval
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
