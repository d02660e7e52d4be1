"""What a step of the lesson says of a machine that others kept busy."""

from gil_demo.measuring.verdict import WORTH_A_WORD
from gil_demo.results import Environment


def others_took(environment: Environment) -> str:
    """A sentence for the reader of timings, where others took enough to change them."""
    share = environment.machine_busy
    if share is None or share < WORTH_A_WORD:
        return ""
    return f"Others took {share:.0%} of the cores meanwhile, so the times say little."
