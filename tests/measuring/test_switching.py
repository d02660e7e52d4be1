"""Where nobody asks for the GIL, nobody gets it; and afterwards all is as it was."""

import gc
import sys
import time

import pytest

from gil_demo.host import machine
from gil_demo.measuring.switching import UNASKED_SECONDS, nobody_asks
from gil_demo.measuring.ticker import Ticker, ticks_inside

LONG_NS = 100_000_000
"""Many switch intervals."""


def test_python_that_never_waits_keeps_the_gil() -> None:
    """Nobody ticks beside a loop of Python, though it lasts for many switch intervals."""
    with nobody_asks(), Ticker(0.0002) as ticker:
        enter_ns = time.monotonic_ns()
        while (exit_ns := time.monotonic_ns()) < enter_ns + LONG_NS:
            pass
    assert (ticks_inside(ticker.ticks, enter_ns, exit_ns) == 0) == machine.gil_enabled()


@pytest.mark.parametrize("error", [None, KeyboardInterrupt], ids=str)
@pytest.mark.parametrize("collecting", [True, False])
def test_all_is_as_it_was(error: type[BaseException] | None, collecting: bool) -> None:
    """Interval and collector are set back, also after Ctrl-C, and a stopped one stays so."""
    before = sys.getswitchinterval()
    (gc.enable if collecting else gc.disable)()
    try:
        try:
            with nobody_asks():
                assert sys.getswitchinterval() == UNASKED_SECONDS
                assert not gc.isenabled()
                if error:
                    raise error
        except KeyboardInterrupt:
            assert error
        assert sys.getswitchinterval() == before
        assert gc.isenabled() == collecting
    finally:
        gc.enable()
