"""The question's own program, the mended one, and every claim about them."""

import inspect
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from subprocess import CompletedProcess
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from gil_demo import gilexample as asked
from gil_demo import gilexample_safe as mended
from gil_demo.gallery import gilexample, registry
from gil_demo.sandbox import pool
from gil_demo.words import Half

Command = Callable[..., CompletedProcess[str]]

CSRC = Path(__file__).parent.parent.parent / "csrc"
BOTH = pytest.mark.parametrize("module", [asked, mended], ids=["asked", "mended"])
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
        (memoryview(np.arange(5.0)), 10.0),
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


# The claims


@pytest.fixture(scope="module")
def box() -> Iterator[pool.Sandbox]:
    with pool.Sandbox(2) as one:
        yield one


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("claim", gilexample.CLAIMS, ids=lambda one: one.name)
def test_every_claim_holds(claim: gilexample.Claim, half: Half, box: pool.Sandbox) -> None:
    """What the page says of a program is what is seen of it, each time."""
    endings = box.run_all([(claim, half)] * 3, lambda done, steps: None)
    assert [ending.outcome for ending in endings] == [claim.expected(half)] * 3, endings
    assert all(ending.evidence for ending in endings)


def test_a_claim_that_crashes_says_what_was_called(box: pool.Sandbox) -> None:
    """The evidence names the call and the signal."""
    (claim,) = registry.subjects("gilexample/backwards")
    (ending,) = box.run_all([(claim, "unsafe")], lambda done, steps: None)
    assert re.fullmatch(r"SIGSEGV \d+ ms after sum\(a\[::-1\]\) was called", ending.evidence)


def test_every_tag_is_explained_and_every_explanation_has_its_line() -> None:
    """The tags in the question's C, those on the page and those of the claims are the same."""
    in_c = gilexample.tagged_lines((CSRC / "gilexample.c").read_text()).keys()
    on_page = set(re.findall(r"^ +\[([a-z-]+)\]", gilexample.__doc__ or "", flags=re.MULTILINE))
    assert in_c == on_page == {claim.tag for claim in gilexample.CLAIMS}
    mended_tags = set(re.findall(r"[\[ ]([a-z]+-[a-z]+|released)(?=[\],])", mended_text()))
    assert in_c <= mended_tags


def mended_text() -> str:
    return (CSRC / "gilexample_safe.c").read_text()


def test_the_claims_are_in_the_order_of_the_page() -> None:
    """A reader meets each claim under its heading, and every name once."""
    _, parts = registry.page_parts(gilexample.__doc__ or "")
    places = [list(parts).index(claim.part) for claim in gilexample.CLAIMS]
    assert all(before <= after for before, after in pairwise(places))
    assert len({claim.name for claim in gilexample.CLAIMS}) == len(gilexample.CLAIMS)
    assert "https://" in parts["Sources"]


def test_the_c_that_is_shown_is_the_c_in_the_tree() -> None:
    """The page shows the files from which the extensions are built."""
    files = (CSRC / "gilexample.c", CSRC / "gilexample_safe.c")
    assert gilexample.sources() == tuple(file.read_text() for file in files)


def test_both_programs_have_their_parts_in_the_same_order() -> None:
    """Side by side, a function, a table or a call is met at the same place in both."""
    steps = (
        "PyArray_FROM_OTF", "PyArray_SIZE", "PyArray_DATA", "Py_BEGIN_ALLOW_THREADS", "data[i]",
        "Py_END_ALLOW_THREADS", "Py_DECREF", "PyFloat_FromDouble", "PyMethodDef",
        "struct PyModuleDef", "PyMODINIT_FUNC",
    )  # fmt: skip
    for text in gilexample.sources():
        places = [text.index(step) for step in steps]
        assert places == sorted(places)


# The commands


def test_show_walks_through_the_program(command: Command) -> None:
    """One page: the C with numbered lines, what is said of each tag, and where it is."""
    shown = command("show", "gilexample").stdout
    numbers = gilexample.tagged_lines((CSRC / "gilexample.c").read_text())
    assert all(f"[{tag}]" in shown for tag in numbers)
    assert f"line {numbers['unchecked-parse']}" in shown
    assert shown.index("csrc/gilexample.c") < shown.index("csrc/gilexample_safe.c")


def test_show_prints_the_bare_c_and_the_difference(command: Command) -> None:
    """``--c`` is the question's file, and ``--diff`` leads from it to the mended one."""
    assert command("show", "gilexample", "--c").stdout == (CSRC / "gilexample.c").read_text()
    lines = command("show", "gilexample", "--diff").stdout.splitlines()
    assert lines[:2] == ["--- gilexample.c", "+++ gilexample_safe.c"]
    assert any(line.startswith("-") and "NPY_ARRAY_ALIGNED" in line for line in lines)


def test_try_runs_one_claim_or_all(command: Command) -> None:
    """A claim has a name of its own; the program's name stands for all of them."""
    one = command("try", "gilexample/every-other")
    assert one.returncode == 0
    assert "expected 20, found 10" in one.stdout
    assert registry.subjects("gilexample") == gilexample.CLAIMS


def test_the_question_s_program_kills_the_interpreter(python: Command) -> None:
    """In an ordinary process too, without guards: sum() and sum("abc") end in SIGSEGV."""
    for call in ("sum()", "sum('abc')"):
        ended = python(
            "import resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0));"
            f"from gil_demo import gilexample; gilexample.{call}"
        )
        assert ended.returncode == -signal.SIGSEGV
