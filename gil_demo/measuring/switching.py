"""Keeps other threads from taking the GIL between two lines of Python."""

import gc
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

UNASKED_SECONDS = 1000.0
"""After this long a waiting thread asks for the GIL: longer than anything that is measured."""


USUAL_SECONDS = 0.005
"""The switch interval that Python starts with."""

MONITORS = 6
"""Tools that `sys.monitoring` knows, from 3.12 on."""


@contextmanager
def usual_interval() -> Iterator[None]:
    """Let threads ask for the GIL as soon as they usually do, whatever somebody has set."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(USUAL_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)


def traced() -> bool:
    """Return whether a tool runs at each call or line, as a debugger or a profiler does.

    Between two lines of Python such a tool may release the GIL.
    """
    if sys.gettrace() or sys.getprofile() or threading.gettrace() or threading.getprofile():
        return True
    monitoring = getattr(sys, "monitoring", None)  # from 3.12 on
    return monitoring is not None and any(map(monitoring.get_tool, range(MONITORS)))


@contextmanager
def nobody_asks() -> Iterator[None]:
    """Keep the GIL from other threads in this block, except where its thread releases it itself.

    Python takes the GIL from a running thread only when a waiting one has asked, which it
    does after the switch interval. The block begins once every wait that began with the
    old interval is over. The garbage collector does not run either, because a finaliser
    might release the GIL.
    """
    interval, collecting = sys.getswitchinterval(), gc.isenabled()
    sys.setswitchinterval(UNASKED_SECONDS)
    gc.disable()
    try:
        time.sleep(2 * interval)
        yield
    finally:
        sys.setswitchinterval(interval)
        if collecting:
            gc.enable()
