"""What follows from a list of holds: waits, who caused them, lanes. Pure arithmetic.

A hold is a row of `HOLD`: its thread asked for the GIL at `asked`, took it at `taken` and
dropped it at `dropped`. Holds never overlap, and are in order. A thread waits from `asked` to
`taken`. During a wait some other thread has the GIL nearly all the time: the wait is caused by
those holds, each by as much of it as lies within the hold. What is left of a wait, the moments
of the hand-overs themselves, is nobody's.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gil_demo.native.handovers import Holds
from gil_demo.words import HoldKind

Times = NDArray[np.int64]

HAND_OVER_NS = 1_000_000
"""How much longer than the switch interval a hold of Python code may keep others waiting.

The thread that waits wakes when the interval is over and asks for the GIL; the other drops
it at its next chance. Both take a moment, and on a busy machine a longer one.
"""


KINDS: tuple[HoldKind, ...] = ("nobody", "switched", "c", "off-core")


@dataclass(frozen=True, slots=True)
class Waits:
    """Waits for the GIL: the thread, from when to when, in the order of their ends.

    The last `unanswered` of them had not got it yet when the watch ended.
    """

    thread: NDArray[np.uint32]
    start: Times
    end: Times


def waits_of(holds: Holds, unanswered: Sequence[tuple[int, int]], stopped: int) -> Waits:
    """Find the waits, with those of threads that still asked at the end: (thread, since when)."""
    waited = holds[holds["asked"] < holds["taken"]]
    thread = np.array([one for one, _ in unanswered], np.uint32)
    start = np.array([since for _, since in unanswered], np.int64)
    return Waits(
        np.concatenate([waited["thread"], thread]),
        np.concatenate([waited["asked"], start]),
        np.concatenate([waited["taken"], np.full(len(start), stopped, np.int64)]),
    )


def waiting_until(waits: Waits, moments: Times) -> Times:
    """Add up, for each moment, how long all threads had waited before it."""
    times = np.concatenate([waits.start, waits.end])
    change = np.repeat(np.array([1, -1], np.int64), len(waits.start))
    order = np.argsort(times, kind="stable")
    times, change = times[order], change[order]
    if len(times) == 0:
        return np.zeros(len(moments), np.int64)
    waiting = np.cumsum(change)  # threads that wait from times[i] to times[i + 1]
    total = np.concatenate([[0], np.cumsum(waiting[:-1] * np.diff(times))])
    before = np.searchsorted(times, moments, "right") - 1
    known = np.maximum(before, 0)
    return np.where(before < 0, 0, total[known] + waiting[known] * (moments - times[known]))


def caused_waits(holds: Holds, waits: Waits) -> Times:
    """Add up, for each hold, how long other threads waited within it."""
    until = waiting_until(waits, np.concatenate([holds["taken"], holds["dropped"]]))
    return until[len(holds) :] - until[: len(holds)]


def longest_waits(holds: Holds, waits: Waits) -> Times:
    """Find, for each hold, the longest that one other thread waited within it.

    Of the threads that wait when a hold ends, it is the one that asked first. One that still
    waits then goes on waiting, since it did not get the GIL: no wait ends within a hold.
    """
    longest = np.zeros(len(holds), np.int64)
    if len(waits.start) == 0:
        return longest
    order = np.argsort(waits.end, kind="stable")
    ends, starts = waits.end[order], waits.start[order]
    # The first asker of all waits that end after a hold: starts of later waits do not count
    # unless they lie before the hold's end, and then the minimum over all of them is right.
    first_asked = np.minimum.accumulate(starts[::-1])[::-1]
    index = np.searchsorted(ends, holds["dropped"], "left")
    some = index < len(ends)
    asked = np.where(some, first_asked[np.minimum(index, len(ends) - 1)], holds["dropped"])
    found: Times = np.clip(holds["dropped"] - np.maximum(asked, holds["taken"]), 0, None)
    return found


def waiters_within(hold: Any, waits: Waits) -> list[tuple[int, int]]:
    """Tell who waited within one hold and for how long, the longest first."""
    first = np.searchsorted(waits.end, hold["taken"], "right")
    thread, start, end = waits.thread[first:], waits.start[first:], waits.end[first:]
    within = np.minimum(end, hold["dropped"]) - np.maximum(start, hold["taken"])
    found: dict[int, int] = {}
    for at in np.flatnonzero(within > 0):
        found[int(thread[at])] = found.get(int(thread[at]), 0) + int(within[at])
    return sorted(found.items(), key=lambda item: -item[1])


def kinds_of(longest_wait: Times, ran: Times, interval_ns: int) -> NDArray[np.intp]:
    """Say why each hold kept others waiting, as an index of `KINDS`.

    `longest_wait` is the longest that one other thread waited within it, and `ran` the
    processor time of its own thread since another thread requested the GIL, which it does when
    it has waited for the switch interval; -1 if none did.
    """
    in_time = (longest_wait <= interval_ns + HAND_OVER_NS) | (ran < 0)
    late = np.where(ran > HAND_OVER_NS, KINDS.index("c"), KINDS.index("off-core"))
    known = np.where(in_time, KINDS.index("switched"), late)
    return np.where(longest_wait <= 0, KINDS.index("nobody"), known)


def covered_until(start: Times, end: Times, moments: Times) -> Times:
    """Add up, for each moment, how much of the time before it lies in the stretches.

    The stretches are in order and do not overlap.
    """
    if len(start) == 0:
        return np.zeros(len(moments), np.int64)
    before = np.concatenate([[0], np.cumsum(end - start)])
    index = np.searchsorted(start, moments, "right") - 1
    known = np.maximum(index, 0)
    partly = np.clip(moments - start[known], 0, end[known] - start[known])
    return np.where(index < 0, 0, before[known] + partly)


def inside_any(moments: Times, start: Times, end: Times) -> NDArray[np.bool_]:
    """Say which moments lie in one of the stretches, which are in order and do not overlap."""
    if len(start) == 0:
        return np.zeros(len(moments), np.bool_)
    index = np.searchsorted(start, moments, "right") - 1
    return (index >= 0) & (moments < end[np.maximum(index, 0)])


def longest_common(start: Times, end: Times, other_start: Times, other_end: Times) -> int:
    """Find the longest stretch that lies in one stretch of both lists; neither list overlaps."""
    cuts = np.sort(np.concatenate([start, end, other_start, other_end]))
    both = inside_any(cuts[:-1], start, end) & inside_any(cuts[:-1], other_start, other_end)
    return int(np.diff(cuts)[both].max(initial=0)) if len(cuts) > 1 else 0


def held_within(holds: Holds, start: int, end: int) -> int:
    """Add up how long the GIL was held between two moments."""
    within = np.minimum(holds["dropped"], end) - np.maximum(holds["taken"], start)
    return int(np.clip(within, 0, None).sum())


def joined(
    start: Times, end: Times, stack: NDArray[Any], resolution: int
) -> Iterator[tuple[int, int, float, int]]:
    """Join stretches that are closer together than `resolution` and no longer than it.

    Yields start, end, the share of it that is covered, and the stack of its longest part.
    A stretch longer than `resolution` stays by itself, so that long holds keep their ends.
    """
    if len(start) == 0:
        return
    long = (end - start) >= resolution
    gap = start[1:] - end[:-1]
    apart = (gap >= resolution) | long[1:] | long[:-1] | (resolution == 0)
    # what is joined must not grow without end: a new one begins with each step of the grid
    if resolution:
        apart |= (start[1:] // (resolution * 4)) != (start[:-1] // (resolution * 4))
    firsts = np.concatenate([[0], np.flatnonzero(apart) + 1])
    lasts = np.concatenate([firsts[1:] - 1, [len(start) - 1]])
    covered = np.add.reduceat(end - start, firsts)
    for first, last, sum_ in zip(firsts.tolist(), lasts.tolist(), covered.tolist(), strict=True):
        begin, finish = int(start[first]), int(end[last])
        part = first + int(np.argmax(end[first : last + 1] - start[first : last + 1]))
        yield begin, finish, sum_ / max(1, finish - begin), int(stack[part])


def resolution_for(count: int, span_ns: int, limit: int) -> int:
    """Choose a resolution at which about `limit` stretches are left: 0 if all can stay."""
    return 0 if count <= limit else max(1, span_ns // limit)
