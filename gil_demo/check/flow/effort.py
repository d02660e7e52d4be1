"""How much is done for one file and for one function before what is left counts as not read.

Steps are counted and not seconds, so that a busy machine changes nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from gil_demo.check.flow.state import TooMuch

MAX_STEPS_OF_FILE = 100_000
"""The most steps for all functions of one file; one of 21,000 lines took 70,000."""
MAX_STEPS_OF_FUNCTION = 60_000
MAX_BODY = 400_000
"""The longest function that is read, in characters."""
STEPS_OF_FUNCTION = 5
"""How many steps it takes to begin with a function."""


class Effort:
    """Counts the steps of one file: of the parser, and of what executes its statements."""

    def __init__(self, most: int = MAX_STEPS_OF_FILE) -> None:
        """Begin with nothing done."""
        self.steps = 0
        self._most = most
        self._most_here = most

    @contextmanager
    def function(self) -> Iterator[None]:
        """Count for a function of its own, of which a caller that waits for it is not charged."""
        caller, at = self._most_here, self.steps
        self._most_here = min(self._most, self.steps + MAX_STEPS_OF_FUNCTION)
        try:
            self.spend(STEPS_OF_FUNCTION)
            yield
        finally:
            self._most_here = min(self._most, caller + self.steps - at)

    def spend(self, steps: int = 1) -> None:
        """Count steps.

        Raises:
            TooMuch: If there are more than the function, or its file, may take.
        """
        self.steps += steps
        if self.steps > self._most_here:
            raise TooMuch

    @property
    def exhausted(self) -> bool:
        """Tell whether nothing more of the file is read."""
        return self.steps >= self._most

    def left(self) -> int:
        """Return how many steps the function may still take."""
        return self._most_here - self.steps
