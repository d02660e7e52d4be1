"""A tool that traces is noticed, and an unusual switch interval does not last."""

import sys
import threading
from collections.abc import Callable

import pytest

from gil_demo.measuring.switching import USUAL_SECONDS, traced, usual_interval


def watch(*_: object) -> None:
    """See each call, and do nothing."""


@pytest.mark.parametrize(
    "setter", [sys.settrace, sys.setprofile, threading.settrace, threading.setprofile]
)
def test_a_tool_that_traces_is_noticed(setter: Callable[[object], None]) -> None:
    """Whichever way it has got in."""
    before = sys.gettrace() if setter is sys.settrace else None
    setter(watch)
    try:
        assert traced()
    finally:
        setter(before)


def test_the_usual_interval_holds_inside_and_the_old_one_comes_back() -> None:
    """Somebody may have set another, and gets it back."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.1)
    try:
        with usual_interval():
            assert sys.getswitchinterval() == pytest.approx(USUAL_SECONDS, rel=1e-3)
        assert sys.getswitchinterval() == pytest.approx(0.1, rel=1e-3)
    finally:
        sys.setswitchinterval(before)
