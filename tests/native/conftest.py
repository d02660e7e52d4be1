"""Fixtures for the doors to the C."""

import pytest

from gil_demo.host import machine
from gil_demo.native import kernels

if machine.free_threaded():  # on such builds there is no C module that watches hand-overs
    collect_ignore = ["test_handovers.py", "test_stack_stress.py", "test_watch_end.py"]


@pytest.fixture(autouse=True)
def not_cancelled() -> None:
    """No test begins with what another one, or Ctrl-C, has cancelled."""
    kernels.set_cancelled(False)
