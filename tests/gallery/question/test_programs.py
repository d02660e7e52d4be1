"""The question's own program and the mended one, called as any module is."""

import inspect
import re
import signal
import sys
import threading
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from command_line import Command

from gil_demo import gilexample_safe as mended
from gil_demo.host import machine
from gil_demo.words import Half

CSRC = Path(__file__).parent.parent.parent.parent / "csrc" / "question"
PROGRAMS = {"mended": mended}
if machine.gil_enabled():  # else importing it would turn the GIL on for all tests
    PROGRAMS["asked"] = import_module("gil_demo.gilexample")
BOTH = pytest.mark.parametrize("module", PROGRAMS.values(), ids=PROGRAMS)
HALVES: tuple[Half, ...] = ("unsafe", "safe")


# Both programs


@BOTH
def test_the_question_s_sum(module: ModuleType) -> None:
    """The call that the question names gives 6.0."""
    assert module.sum([1, 2, 3]) == 6.0


@BOTH
@pytest.mark.parametrize(
    ("thing", "total"),
    [
        ([], 0.0),
        (2.5, 2.5),
        ([[1, 2], [3, 4]], 10.0),
        (range(5), 10.0),
        (np.arange(5, dtype=np.float32), 10.0),
        (np.arange(5, dtype=np.int8), 10.0),
        (np.arange(5.0).astype(">f8"), 10.0),
        (np.frombuffer(b"\0" + np.arange(5.0).tobytes(), np.uint8)[1:].view(np.float64), 10.0),
        (np.asfortranarray(np.arange(6.0).reshape(2, 3)), 15.0),
        (np.ones((3, 0)), 0.0),
        pytest.param(memoryview(np.arange(5.0)), 10.0, id="memoryview"),
        (np.array([True, False, True]), 2.0),
    ],
    ids=str,
)
def test_what_can_become_double_is_added_up(module: ModuleType, thing: Any, total: float) -> None:
    """Lists, numbers, other types, other byte orders and unaligned data are converted."""
    assert module.sum(thing) == total


@BOTH
def test_no_reference_is_lost_or_left(module: ModuleType) -> None:
    """After a thousand calls the array has as many references as before."""
    array = np.ones(10)
    before = sys.getrefcount(array)
    for _ in range(1000):
        module.sum(array)
    assert sys.getrefcount(array) == before


@BOTH
def test_threads_may_sum_one_array_together(module: ModuleType) -> None:
    """Reading is safe from any number of threads."""
    array = np.ones(100_000)
    totals: list[float] = []
    threads = [threading.Thread(target=lambda: totals.append(module.sum(array))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert totals == [100_000.0] * 8


# The mended one alone


@pytest.mark.parametrize(
    "view",
    [
        np.arange(10.0)[::2],
        np.arange(10.0)[::-1],
        np.arange(12.0).reshape(3, 4)[:, 1],
        np.arange(12.0).reshape(3, 4)[1:, :2],
        np.broadcast_to(1.0, 100),
        np.zeros(4, [("key", np.int32), ("value", np.float64)])["value"],
    ],
    ids=["every other", "backwards", "column", "block", "broadcast", "field"],
)
def test_the_mended_program_takes_views(view: Any) -> None:
    """However the elements lie in memory, each is added once."""
    assert mended.sum(view) == view.sum()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((), TypeError, "takes exactly one argument (0 given)"),
        ((1, 2), TypeError, "takes exactly one argument (2 given)"),
        (("abc",), ValueError, "could not convert string to float"),
        ((1j,), TypeError, "not 'complex'"),
        ((np.array([1j]),), TypeError, "Cannot cast array data"),
        ((np.array([1], object),), TypeError, "Cannot cast array data"),
        (([[1], [1, 2]],), ValueError, "inhomogeneous"),
    ],
    ids=str,
)
def test_the_mended_program_refuses_with_an_exception(
    arguments: tuple[Any, ...], error: type[Exception], message: str
) -> None:
    """What cannot be added up raises, and says why."""
    with pytest.raises(error, match=re.escape(message)):
        mended.sum(*arguments)


def test_the_mended_program_passes_on_what_a_conversion_raises() -> None:
    """An exception from the argument's own code reaches the caller as it is."""

    class Unwilling:
        def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
            raise ArithmeticError("I would rather not")

    with pytest.raises(ArithmeticError, match="I would rather not"):
        mended.sum(Unwilling())


def test_the_mended_program_describes_itself() -> None:
    """It has a signature and a docstring, for help() and for editors."""
    assert str(inspect.signature(mended.sum)) == "(x, /)"
    assert "without the GIL" in (mended.sum.__doc__ or "")


SUBINTERPRETER = """
try:
    import _interpreters
    run = _interpreters.exec
except ImportError:
    import _xxsubinterpreters as _interpreters
    run = _interpreters.run_string
ended = run(_interpreters.create(), 'import gil_demo.{name}')
print(ended and ended.formatted)
"""


if sys.version_info >= (3, 12):  # before, no interpreter had a GIL of its own

    @pytest.mark.parametrize("name", ["gilexample", "gilexample_safe"])
    def test_an_interpreter_with_its_own_gil_refuses_both(name: str, python: Command) -> None:
        """Neither can be loaded there: one says so, and the other cannot say anything."""
        ended = python(SUBINTERPRETER.format(name=name))
        assert "ImportError" in ended.stdout + ended.stderr
        if name == "gilexample_safe":
            wanted = "module gil_demo.gilexample_safe does not support loading in subinterpreters"
            assert wanted in ended.stdout + ended.stderr


def test_the_question_s_program_kills_the_interpreter(python: Command) -> None:
    """In an ordinary process too, without guards: sum() and sum("abc") end in SIGSEGV."""
    for call in ("sum()", "sum('abc')"):
        ended = python(
            "import resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0));"
            f"from gil_demo import gilexample; gilexample.{call}"
        )
        assert ended.returncode == -signal.SIGSEGV
