"""Interleaved rounds, the method of every comparison here.

A round does every job once, in an order drawn anew. Whatever drifts on the machine then
drifts for all jobs alike, and what is compared was measured within the same round.
"""

import time
from collections.abc import Callable, Mapping
from math import inf
from random import Random
from typing import TypeVar

from gil_demo.progress import Progress, unseen

Name = TypeVar("Name")
Value = TypeVar("Value")


def interleaved(
    jobs: Mapping[Name, Callable[[], Value]],
    rounds: int,
    seed: int = 0,
    progress: Progress = unseen,
    patience_seconds: float = inf,
) -> list[dict[Name, Value]]:
    """Do every job once a round, and return what each gave, round by round.

    Args:
        jobs: What to do, by its name.
        rounds: How many rounds to make, if patience lasts.
        seed: The seed of the order within the rounds.
        progress: Called before each job, and at the end.
        patience_seconds: No further round begins after that time; the first always does.
    """
    order, names = Random(seed), list(jobs)
    steps = rounds * len(names)
    results: list[dict[Name, Value]] = []
    began = time.monotonic()
    while len(results) < rounds:
        if results and time.monotonic() - began >= patience_seconds:
            break
        order.shuffle(names)
        results.append({})
        for name in names:
            progress((len(results) - 1) * len(names) + len(results[-1]), steps)
            results[-1][name] = jobs[name]()
    progress(steps, steps)
    return results
