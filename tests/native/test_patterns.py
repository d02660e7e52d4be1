"""The door to the C of the patterns."""

from command_line import Command

WITHOUT_NUMPY = """
import sys
import numpy
sys.modules["numpy._core._multiarray_umath"] = sys.modules["numpy.core._multiarray_umath"] = None
from gil_demo.native.loading import NotBuilt
from gil_demo.native.patterns import patterns
try:
    patterns()
except NotBuilt as error:
    print(error)
"""


def test_a_numpy_that_does_not_fit_is_refused_in_one_line(python: Command) -> None:
    """Before any pattern uses it: the table of NumPy's functions is filled at the door."""
    ended = python(WITHOUT_NUMPY)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("the C modules do not load (")
    assert "build them with 'pip install --editable .'" in ended.stdout


UNREGISTERED = """
from gil_demo.native.patterns import patterns
ffi, lib = patterns()
print(lib.callback_collected_safe_apply(ffi.new("double[]", [1.0, 2.0]), 2))
"""


def test_the_safe_half_calls_no_callback_where_none_is_registered(python: Command) -> None:
    """An address of 0 is nothing to call."""
    assert python(UNREGISTERED).stdout == "0.0\n"
