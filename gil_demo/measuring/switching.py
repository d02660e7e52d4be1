"""Keeps other threads from taking the GIL between two lines of Python."""

import gc
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

UNASKED_SECONDS = 1000.0
"""After this long a waiting thread asks for the GIL: longer than anything that is measured."""


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
