"""Says what a comparison of times showed: the finding of a pattern that only costs time."""

from gil_demo import notation
from gil_demo.results.numbers import Spread
from gil_demo.results.patterns import Finding


def slower(what: str, ratio: Spread, than: str, more: str = "") -> Finding:
    """Find that something was slow, if it took longer in every round; else say that it was not.

    Args:
        what: What was timed: 'a block for each row'.
        ratio: How many times as long it took, round by round, as the other job.
        than: The other job, to follow 'as long as': 'without'.
        more: A further clause.
    """
    told = f"{notation.times(ratio)} as long as {than}"
    if ratio.low > 1:
        return Finding("slow", f"{what}: {told}", more)
    return Finding("ok", f"{what}: no difference that every round shows, {told}", more)
