"""What can be tried: it has an unsafe and a safe half."""

from collections.abc import Mapping
from typing import Protocol

from gil_demo.lab.lab import Lab
from gil_demo.results.patterns import Finding
from gil_demo.words import Expected, Half


class Subject(Protocol):
    """A pattern of the gallery, or a claim about the question's program."""

    @property
    def name(self) -> str:
        """Return the name that ``gil-demo try`` takes."""

    @property
    def sentence(self) -> str:
        """Return what it is about, in a line."""

    @property
    def environment(self) -> Mapping[str, str]:
        """Return the environment variables that must be set before Python starts."""

    @property
    def has_unforced(self) -> bool:
        """Return whether it is a race that can also be left to chance."""

    @property
    def timed(self) -> bool:
        """Return whether it shows ratios of times, which others that run beside it would spoil."""

    def expected(self, half: Half) -> Expected:
        """Return what is declared for a half on the running interpreter."""

    def caveat(self, half: Half) -> str:
        """Say why a half is safe only with a GIL, where there is none now; else nothing."""

    def run(self, half: Half, lab: Lab) -> Finding:
        """Run a half, in a child: it may end the process."""
