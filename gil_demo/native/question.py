"""The door to the question's program and to the mended one."""

from typing import Any

from gil_demo.native.loading import load
from gil_demo.words import Half


def gilexample(half: Half) -> Any:
    """Load the question's own extension (unsafe half) or the corrected one (safe half)."""
    return load("gilexample_safe" if half == "safe" else "gilexample")
