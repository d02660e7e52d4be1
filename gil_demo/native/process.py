"""The door to what C asks of the operating system for a process."""

from gil_demo.native.patterns import patterns


def die_with_parent() -> None:
    """Have the system kill this process when the one that forked it dies, where it offers that."""
    patterns()[1].lab_die_with_parent()
