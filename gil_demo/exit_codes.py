"""The exit codes of every command, and what each state ends in."""

from gil_demo.words import State

DONE = 0
CONTRADICTED = 1
BAD_INPUT = 2
INCONCLUSIVE = 3
INTERNAL_ERROR = 70
INTERRUPTED = 130

OF_STATES: dict[State, int] = {
    "shown": DONE,
    "contradicted": CONTRADICTED,
    "inconclusive": INCONCLUSIVE,
}
"""The exit code of a command whose state counts."""
