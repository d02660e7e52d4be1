"""Fixtures for the doors to the C."""

import pytest

from gil_demo.native import kernels


@pytest.fixture(autouse=True)
def not_cancelled() -> None:
    """No test begins with what another one, or Ctrl-C, has cancelled."""
    kernels.set_cancelled(False)
