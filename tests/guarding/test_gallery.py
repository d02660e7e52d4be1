"""The faults of the gallery and of the question's program are found by kind, function and line."""

import linecache
import signal
from collections.abc import Callable
from typing import Any

import pytest

Run = Callable[..., Any]

PATTERN = """
from gil_demo.gallery import registry
from gil_demo.lab.lab import Lab
from gil_demo.lab.memory import Memory
registry.find({name!r}).run("unsafe", Lab(Memory()))
"""

SUM = """
from gil_demo.gilexample import sum
a = np.arange(512.0)
"""

FREED = ("freed", "read")
PAST_END = ("past-end", "read")
NULL = ("null", "read")
ADDING = "total += data[i];"
FILLING = "place[found++] = i;"

CASES = {
    "borrowed-reference": (PATTERN.format(name="borrowed-reference"), FREED, ADDING),
    "temporary-pointer": (PATTERN.format(name="temporary-pointer"), FREED, ADDING),
    "resize-under-reader": (PATTERN.format(name="resize-under-reader"), FREED, ADDING),
    "closed-under-call": (PATTERN.format(name="closed-under-call"), FREED, ADDING),
    "no-owner": (PATTERN.format(name="no-owner"), FREED, ADDING),
    "kept-pointer": (PATTERN.format(name="kept-pointer"), FREED, "job.total += job.data[i];"),
    "count-then-fill": (PATTERN.format(name="count-then-fill"), ("past-end", "write"), FILLING),
    "strided-view": (PATTERN.format(name="strided-view"), PAST_END, ADDING),
    "sum of a reversed view": (SUM + "sum(a[::-1])", PAST_END, ADDING),
    "sum of a broadcast value": (SUM + "sum(np.broadcast_to(1.0, 100))", PAST_END, ADDING),
    "sum of text": (SUM + "sum('abc')", NULL, "PyArray_SIZE(array)"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_fault_of_ours_is_explained(name: str, guarded: Run) -> None:
    """What was wrong, the line of C, and for freed data who made and who freed them."""
    statements, kind, line = CASES[name]
    ended = guarded(statements)
    assert ended.code == 128 + signal.SIGSEGV
    assert ended.kind == kind
    innermost = ended.report["native"][0]
    assert line in linecache.getline(innermost["file"], innermost["line"])
    for block in ended.report["blocks"][:1]:
        assert block["allocated"]["python"]
        assert (block["state"] == "freed") == (kind == FREED)
        assert not block["freed"] or block["freed"]["python"]


def test_a_null_pointer_given_to_numpy_is_traced_to_the_caller(guarded: Run) -> None:
    """The access is NumPy's, and the next function outward with a line is ours."""
    ended = guarded(SUM + "sum()")
    assert ended.kind == ("null", "read")
    assert "sum" in [call["function"] for call in ended.report["native"]]


def test_the_variable_is_named(guarded: Run) -> None:
    """With its dtype, shape and strides, also inside a container."""
    ended = guarded(
        SUM
        + """
def work(view):
    kept = {"it": view}
    return sum(view)
work(a[::-1])
"""
    )
    found = {
        (variable["name"], variable["key"], variable["scope"], tuple(variable["strides"]))
        for variable in ended.report["variables"]
    }
    assert found == {
        ("view", None, "local", (-8,)),
        ("kept", "it", "local", (-8,)),
        ("a", None, "global", (8,)),
    }
