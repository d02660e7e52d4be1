"""Closes the gaps between two lines of Python: nobody is asked to hand over the GIL there."""

import gc
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

UNASKED_SECONDS = 1000.0
"""After this long a waiting thread asks for the GIL: longer than anything that is measured."""


@contextmanager
def nobody_asks() -> Iterator[None]:
    """Within this block a thread loses the GIL only where it lets go of it by itself.

    Python takes the GIL from a running thread only when a waiting one has asked, which it
    does after the switch interval. The block begins once every wait that began with the
    old interval is over. Nor does the garbage collector run: what it finalises might let go.
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
