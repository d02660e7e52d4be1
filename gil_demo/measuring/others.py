"""Says how much of the machine others took, where that may have changed what was measured."""

from gil_demo import notation
from gil_demo.results.host import Environment

MIN_SHARE_TOLD = 0.1
"""The share of the cores from which on others are mentioned."""


def others_took(environment: Environment, lead: str = "") -> str:
    """Write a clause about others, after `lead`; nothing if they took little, or nobody knows."""
    busy = environment.machine_busy
    if busy is None or busy < MIN_SHARE_TOLD:
        return ""
    return f"{lead}others took {notation.share(busy)} of the cores"
