"""How much is done for one file and for one function before what is left counts as not read.

Steps are counted and not seconds, so that a busy machine changes nothing.
"""

from gil_demo.check.flow.state import TooMuch

MAX_STEPS_OF_FILE = 150_000
"""The most steps for all functions of one file; the largest that were read took a tenth."""
MAX_STEPS_OF_FUNCTION = 60_000


class Effort:
    """Counts the steps of one file: of the parser, and of what executes its statements."""

    def __init__(self, most: int = MAX_STEPS_OF_FILE) -> None:
        """Begin with nothing done."""
        self.steps = 0
        self._most = most
        self._most_here = most

    def begin_function(self) -> None:
        """Begin to count for a function of its own."""
        self._most_here = min(self._most, self.steps + MAX_STEPS_OF_FUNCTION)

    def spend(self, steps: int = 1) -> None:
        """Count steps.

        Raises:
            TooMuch: If there are more than the function, or its file, may take.
        """
        self.steps += steps
        if self.steps > self._most_here:
            raise TooMuch

    def left(self) -> int:
        """Return how many steps the function may still take."""
        return self._most_here - self.steps
