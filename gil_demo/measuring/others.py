"""Says how much of the machine others took, where that may have changed what was measured."""

from collections.abc import Iterable

from gil_demo import notation
from gil_demo.host.machine import MIN_SHARE_TOLD
from gil_demo.results.host import Environment
from gil_demo.results.run import ScalingRow

MAX_HELD_SPEEDUP = 1.05
"""Held calls run one after another, so several get no more done than one: above 1 is noise, and
above this so much of it that no speed-up of the run is worth telling."""


def others_took(environment: Environment, lead: str = "") -> str:
    """Write a clause about others, after `lead`; nothing if they took little, or nobody knows."""
    busy = environment.machine_busy
    if busy is None or busy < MIN_SHARE_TOLD:
        return ""
    return f"{lead}others took {notation.percent(busy)} of the cores"


def caution(environment: Environment, scaling: Iterable[ScalingRow] = ()) -> str:
    """Say in one line that the times of a run say little, and why; nothing where they do.

    What was counted stays true: who was inside with whom, how many ticks fell inside a call,
    how a half ended.
    """
    if took := others_took(environment):  # one line of 80 columns, even at 100%
        return f"{took.capitalize()}: times and speed-ups say little, counts stay true."
    return doubt(environment, scaling)


def doubt(environment: Environment, scaling: Iterable[ScalingRow]) -> str:
    """Say that held calls got a speed-up which cannot be; nothing where others explain it."""
    impossible = _impossible(environment, scaling)
    if impossible is None or others_took(environment):
        return ""
    return (
        f"Held calls cannot gain, and here they got {notation.ratio(impossible)}: the machine"
        " changed meanwhile, and speed-ups say little."
    )


def _impossible(environment: Environment, scaling: Iterable[ScalingRow]) -> float | None:
    """Return a speed-up of held calls that no machine can give, or None."""
    if not environment.gil_enabled:
        return None
    held = [row.speedup.median for row in scaling if row.gil == "held" and row.threads > 1]
    return max((one for one in held if one > MAX_HELD_SPEEDUP), default=None)
