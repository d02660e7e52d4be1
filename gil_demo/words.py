"""The words that every part of the program uses, as types."""

from typing import Literal

Kernel = Literal["sum", "sum_wide", "scale", "spin"]
Mode = Literal["held", "released", "native"]
Company = Literal["alone", "held", "released", "held-collected", "released-collected"]
"""What the ticker ticks beside: nothing, a call, or a call while another thread collects."""
Section = Literal["picture", "scaling", "responsiveness", "patterns"]
State = Literal["shown", "contradicted", "inconclusive"]
Theme = Literal["auto", "light", "dark"]

Level = Literal["error", "warning", "advice"]
"""How sure a finding is, and whether it breaks a rule of the C API or only asks for a look."""

LEVELS: tuple[Level, ...] = ("error", "warning", "advice")

Half = Literal["unsafe", "safe", "unforced"]

HALVES: tuple[Half, ...] = ("unsafe", "safe")
"""The halves that every pattern has; a race can also be left to chance, which is "unforced"."""

Outcome = Literal[
    "ok",  # the right value
    "wrong-value",
    "crash",  # killed by SIGSEGV or SIGBUS
    "fatal-error",  # the interpreter, or a check, gave up: SIGABRT
    "deadlock",  # each waits for the other
    "stall",  # somebody waited who should not have had to
    "slow",  # longer in every round of the comparison, or one call waited for the other
    "unfinished",  # the time limit came first: this says nothing
]

NO_GIL = "no GIL"
"""The key of what a pattern declares for an interpreter that runs without a GIL now."""

FREE_THREADED = "free-threaded build"
"""The key of what it declares for such a build, whether that runs with a GIL now or without."""

SAFE_WITH_GIL = "safe with a GIL"
"""What is said of a safe half that is safe only where there is a GIL, where there is none now."""

Expected = Outcome | tuple[Outcome, ...]
"""The outcome that a half must end in, or several, of which the build or the machine chooses."""


def each(expected: Expected) -> tuple[Outcome, ...]:
    """List the outcomes that are expected."""
    return expected if isinstance(expected, tuple) else (expected,)


def either(expected: Expected) -> str:
    """Name the outcomes that are expected: ``crash or fatal-error``."""
    return " or ".join(each(expected))


Cause = Literal[
    "signal",  # the system killed the child
    "deadlock",  # its threads could not go on, and said so before
    "time-limit",  # it took too long, and was killed
    "no-result",  # it ended, and left no finding: it raised an exception
]

HoldKind = Literal["c", "switched", "off-core", "nobody"]
"""Why others waited for a hold to end.

``switched``: it ended before another thread requested the GIL, or soon after, as a hold of
Python code does.
``c``: after the request its thread ran on: C that does not release the GIL.
``off-core``: after the request its thread did not run: it slept or was put aside by the
operating system while it had the GIL.
``nobody``: nobody waited.
"""

ProbeState = Literal["releases", "holds", "mixed", "inconclusive"]
