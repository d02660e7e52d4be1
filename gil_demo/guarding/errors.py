"""Keeps a way to standard error for reports, whatever the program does with descriptor 2.

Standard library only, like `handed_down`.
"""

import fcntl
import os

HIGH_DESCRIPTOR = 500


def standard_error() -> int:
    """Return a descriptor of what is standard error now: test runners put a file in its place.

    Its number is out of the way of a program that closes and opens low ones.
    """
    for at_least in (HIGH_DESCRIPTOR, 0):
        try:
            return fcntl.fcntl(2, fcntl.F_DUPFD_CLOEXEC, at_least)
        except OSError:
            continue
    return os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
