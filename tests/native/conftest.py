"""Fixtures for the doors to the C."""

import pytest
from guarded import GUARDED, Child, Command

from gil_demo.native import kernels


@pytest.fixture(autouse=True)
def not_cancelled() -> None:
    """No test begins with what another one, or Ctrl-C, has cancelled."""
    kernels.set_cancelled(False)


@pytest.fixture
def child(python: Command) -> Child:
    """Runs statements in a fresh interpreter with guarded array data."""
    return lambda statements: python(GUARDED + statements)
