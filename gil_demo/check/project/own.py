"""Own functions of which the source does not say what they do to the GIL."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Own:
    """Names of own functions, and what nobody can see of them in the source."""

    needs: frozenset[str] = frozenset()
    free: frozenset[str] = frozenset()
    releases: frozenset[str] = frozenset()
    takes: frozenset[str] = frozenset()


NOTHING_SAID = Own()
"""What holds where the settings say nothing."""
