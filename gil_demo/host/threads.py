"""Threads for several jobs at once, from a system that may have none to give."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from errno import EAGAIN
from threading import Condition
from typing import TypeVar

from gil_demo.interrupts import tidies
from gil_demo.notation import count

Value = TypeVar("Value")

for _leaving in (ThreadPoolExecutor.__exit__, ThreadPoolExecutor.shutdown):
    tidies(_leaving)
"""Code that leaves a pool has told its jobs to end."""

for _taking_locks in (ThreadPoolExecutor.submit, Condition.__enter__, Condition.__exit__):
    tidies(_taking_locks)
"""An interrupt in the middle of them would leave a lock that the pool's threads then wait for."""


def submit_all(
    pool: ThreadPoolExecutor, jobs: Sequence[Callable[[], Value]]
) -> list[Future[Value]]:
    """Give every job to a pool. Raises OSError where the system has not enough threads."""
    try:
        return [pool.submit(job) for job in jobs]
    except RuntimeError as error:
        raise OSError(EAGAIN, f"cannot start {count(len(jobs), 'thread')}: {error}") from error
