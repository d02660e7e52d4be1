"""What is said of calls whose hand-overs are known."""

import numpy as np

from gil_demo.watching.probe import AMBIGUOUS, DISTURBED, Parts, judge


def calls_of(*calls: tuple[int, int], sure: bool = True) -> Parts:
    """Calls that held the GIL and released it for so long each."""
    held, released = np.array(calls, np.int64).T
    return Parts(
        wall=held + released,
        held=held,
        released=released,
        surely_released=released if sure else 0 * released,
        longest_hold=int(held.max()),
        hand_overs=len(calls),
        others_held=0,
        other_threads=0,
    )


def test_pauses_that_others_cause_give_no_answer() -> None:
    """Half and half, but on a busy machine most calls were put aside while they had released."""
    calls = calls_of((50, 50), (50, 900), (50, 950))
    assert judge(calls, disturbed=True) == ("inconclusive", DISTURBED)
    assert judge(calls, disturbed=False) == ("releases", "")
    assert judge(calls_of((50, 50), (50, 90), (50, 60)), disturbed=True) == ("mixed", "")
    assert judge(calls_of((990, 10), (9700, 300), (9700, 300)), disturbed=True) == ("mixed", "")


def test_a_wait_that_looks_like_a_release_gives_no_answer() -> None:
    """Python code drops the GIL for a thread that asks, which then gets no core."""
    assert judge(calls_of((50, 50), sure=False), disturbed=False) == ("inconclusive", AMBIGUOUS)
    assert judge(calls_of((0, 0)), disturbed=False)[0] == "inconclusive"
