"""What follows from hand-overs, on made-up ones: waits, who caused them, lanes."""

import numpy as np

from gil_demo.native.handovers import HOLD, Holds
from gil_demo.watching import timeline


def made(*rows: tuple[int, int, int, int]) -> Holds:
    """Holds made by hand: thread, asked, taken, dropped."""
    return np.array(
        [(asked, taken, dropped, -1, thread, 0) for thread, asked, taken, dropped in rows], HOLD
    )


# thread 1 has the GIL from 0 to 100; thread 2 asks at 20, thread 3 at 60; then each gets it.
QUEUE = made((1, 0, 0, 100), (2, 20, 100, 130), (3, 60, 130, 140), (1, 140, 140, 200))


def test_a_wait_lasts_from_asking_to_taking() -> None:
    """Whoever gets the GIL at once does not wait."""
    waits = timeline.waits_of(QUEUE, [], 200)
    assert waits.thread.tolist() == [2, 3]
    assert waits.start.tolist() == [20, 60]
    assert waits.end.tolist() == [100, 130]


def test_a_hold_causes_the_waiting_that_lies_within_it() -> None:
    """Two threads that wait at the same time count twice; the sum is all of the waiting."""
    waits = timeline.waits_of(QUEUE, [], 200)
    caused = timeline.caused_waits(QUEUE, waits)
    assert caused.tolist() == [80 + 40, 30, 0, 0]
    assert caused.sum() == (waits.end - waits.start).sum()


def test_the_moments_of_a_hand_over_are_nobodys_fault() -> None:
    """Between a drop and the next take nobody has the GIL."""
    holds = made((1, 0, 0, 100), (2, 50, 110, 120))
    waits = timeline.waits_of(holds, [], 200)
    assert timeline.caused_waits(holds, waits).tolist() == [50, 0]


def test_the_longest_wait_within_a_hold_is_that_of_who_asked_first() -> None:
    """A wait that began before the hold counts from the hold's beginning."""
    waits = timeline.waits_of(QUEUE, [], 200)
    assert timeline.longest_waits(QUEUE, waits).tolist() == [80, 30, 0, 0]


def test_a_thread_that_never_got_the_gil_waited_all_the_same() -> None:
    """A watch that ends in the middle of a wait knows who still asks, and since when."""
    holds = made((1, 0, 0, 100))
    waits = timeline.waits_of(holds, [(2, 30)], 100)
    assert timeline.caused_waits(holds, waits).tolist() == [70]
    assert timeline.longest_waits(holds, waits).tolist() == [70]


def test_waiters_within_a_hold_are_told_with_their_shares() -> None:
    """The one who waited longest comes first."""
    waits = timeline.waits_of(QUEUE, [], 200)
    assert timeline.waiters_within(QUEUE[0], waits) == [(2, 80), (3, 40)]
    assert timeline.waiters_within(QUEUE[3], waits) == []


def test_random_queues_agree_with_counting_moment_by_moment() -> None:
    """The fast sums are the slow ones."""
    rng = np.random.default_rng(5)
    for _ in range(50):
        edges = np.sort(rng.choice(400, 24, replace=False))
        rows = []
        for number, (taken, dropped) in enumerate(edges.reshape(-1, 2).tolist()):
            asked = max(0, taken - int(rng.integers(0, 60)))
            rows.append((number, asked, taken, dropped))
        holds = made(*rows)
        waits = timeline.waits_of(holds, [], 400)
        caused = timeline.caused_waits(holds, waits).tolist()
        longest = timeline.longest_waits(holds, waits).tolist()
        for hold, sum_, most in zip(holds, caused, longest, strict=True):
            within = [
                len(range(max(start, hold["taken"]), min(end, hold["dropped"])))
                for start, end in zip(waits.start.tolist(), waits.end.tolist(), strict=True)
            ]
            assert sum_ == sum(within)
            ends = [
                len(range(max(start, hold["taken"]), hold["dropped"]))
                for start, end in zip(waits.start.tolist(), waits.end.tolist(), strict=True)
                if end >= hold["dropped"]
            ]
            assert most == max(ends, default=0)


def test_nothing_follows_from_nothing() -> None:
    """An empty recording has no waits, and no division by zero."""
    none = made()
    waits = timeline.waits_of(none, [], 10)
    assert timeline.caused_waits(none, waits).tolist() == []
    assert timeline.longest_waits(none, waits).tolist() == []
    assert list(timeline.joined(waits.start, waits.end, waits.thread, 0)) == []
    assert timeline.longest_common(*[waits.start] * 4) == 0


def test_stretches_close_together_are_joined_and_long_ones_stay() -> None:
    """A joined stretch says how much of it is covered; a long one keeps its own ends."""
    start, end = np.array([0, 3, 6, 100, 300]), np.array([1, 4, 7, 200, 301])
    stacks = np.array([1, 2, 3, 4, 5])
    joined = list(timeline.joined(start, end, stacks, 10))
    assert [(first, last) for first, last, _, _ in joined] == [(0, 7), (100, 200), (300, 301)]
    assert joined[0][2] == 3 / 7
    assert joined[1][3] == 4


def test_without_a_resolution_every_stretch_is_kept() -> None:
    """Nothing is joined where there is room for all."""
    start, end = np.array([0, 3, 6]), np.array([1, 4, 7])
    assert len(list(timeline.joined(start, end, np.zeros(3), 0))) == 3
    assert timeline.resolution_for(10, 1000, 10) == 0
    assert timeline.resolution_for(11, 1000, 10) == 100


def test_covered_time_is_added_up_to_any_moment() -> None:
    """Before, within, between and after the stretches."""
    start, end = np.array([10, 30]), np.array([20, 40])
    moments = np.array([0, 10, 15, 25, 35, 50])
    assert timeline.covered_until(start, end, moments).tolist() == [0, 0, 5, 10, 15, 20]
    assert timeline.inside_any(moments, start, end).tolist() == [0, 1, 1, 0, 1, 0]


def test_the_longest_common_stretch_lies_in_both_lists() -> None:
    """A hold that spans two calls counts only within one of them."""
    holds, calls = (np.array([0, 60]), np.array([50, 70])), (np.array([5, 30]), np.array([25, 65]))
    assert timeline.longest_common(*holds, *calls) == 20


def test_a_hold_is_blamed_by_what_its_thread_did() -> None:
    """Switched within the interval, ran on in C, or had the GIL and did not run."""
    waited = np.array([0, 5_200_000, 40_000_000, 40_000_000])
    ran = np.array([-1, 5_200_000, 39_000_000, 300_000])
    kinds = [timeline.KINDS[kind] for kind in timeline.kinds_of(waited, ran, 5_000_000)]
    assert kinds == ["nobody", "switched", "c", "off-core"]
