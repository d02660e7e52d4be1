"""What `gil-demo watch` and `gil-demo probe` refuse, here and where no GIL can be watched."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import Command, assert_refused

import gil_demo
from gil_demo.native import handovers
from gil_demo.native.handovers import CannotWatch
from gil_demo.native.loading import NotBuilt


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["probe"], "give one of: a statement, --numpy, --file FILE, --selftest"),
        (["probe", "1", "--numpy"], "give one of"),
        (["probe", "--selftest", "--expect", "holds"], "go with a statement"),
        (["probe", "1 +"], "this is not Python"),
        (["probe", "1", "--json", "--markdown"], "exclude each other"),
        (["probe", "--file", "nowhere.toml"], "does not exist"),
        (["watch"], "give a script to run, or -m MODULE, or -c CODE"),
        (["watch", "nowhere.py"], "there is no file 'nowhere.py' to run"),
        (["watch", "--alarm", "50", "x.py"], "give one with its unit, as in 50ms"),
        (["watch", "--fail-over", "0ms", "x.py"], "is not a time"),
        (["watch", "--ask-every", "5", "x.py"], "is not a time"),
        (["watch", "--json", "a", "--csv", "a", "-c", "print(1)"], "name the same file"),
        (["watch", "--html", "no/where.html", "-c", "print(1)"], "is not a folder"),
    ],
)
def test_bad_usage_is_refused_before_anything_runs(
    arguments: list[str], problem: str, command: Command
) -> None:
    """One line, exit code 2, and nothing on standard output."""
    assert_refused(command(*arguments), problem)


def without_a_gil(patch: pytest.MonkeyPatch) -> None:
    """As in a build that can do without one, which has no module that follows it either."""
    patch.setattr(sys, "_is_gil_enabled", lambda: False, raising=False)


def able_to_do_without(patch: pytest.MonkeyPatch) -> None:
    """As in such a build where the GIL was turned on."""
    patch.setattr(sys, "_is_gil_enabled", lambda: True, raising=False)
    patch.setattr("sysconfig.get_config_var", {"Py_GIL_DISABLED": 1}.get)


def on_another_system(patch: pytest.MonkeyPatch) -> None:
    """As on macOS, with a GIL."""
    patch.setattr(sys, "_is_gil_enabled", lambda: True, raising=False)
    patch.setattr(sys, "platform", "darwin")


def not_built(patch: pytest.MonkeyPatch) -> None:
    """As where a build went wrong."""

    def load(name: str) -> None:
        raise NotBuilt(f"no {name}")

    patch.setattr(sys, "_is_gil_enabled", lambda: True, raising=False)
    patch.setattr("sysconfig.get_config_var", {"Py_GIL_DISABLED": 0}.get)
    patch.setattr(handovers, "load", load)


PLACES = {
    without_a_gil: "there is no GIL in this interpreter, so there is nothing to watch",
    able_to_do_without: "this Python can run without a GIL, and only the GIL of one that cannot",
    on_another_system: "the hand-overs of the GIL can be watched on Linux with CPython only",
    not_built: "the hand-overs of the GIL cannot be watched: the C modules do not load (no _watch)",
}
"""Where nothing can be watched, and the reason that is told."""


@pytest.fixture(params=PLACES, ids=lambda place: place.__name__)
def reason(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Why nothing can be watched; it is so for the time of the test."""
    request.param(monkeypatch)
    return PLACES[request.param]


def test_the_reason_is_known(reason: str) -> None:
    """To whatever wants to go on without, too."""
    assert (handovers.why_not() or "").startswith(reason)


@pytest.mark.parametrize(
    "arguments",
    [
        ["probe", "1"],
        ["probe", "1", "--expect", "holds", "--json"],
        ["probe", "--numpy"],
        ["probe", "--file", "mine.toml"],
        ["probe", "--selftest"],
        ["watch", "-c", "print(1)"],
        ["watch", "--alarm", "50ms", "-c", "print(1)"],
        ["watch", "--ask-every", "5ms", "--json", "seen.json", "-c", "print(1)"],
    ],
    ids=" ".join,
)
def test_where_nothing_can_be_watched_one_line_says_so(
    reason: str, arguments: list[str], here: Path, command: Command
) -> None:
    """With the exit code of bad input; neither the program nor a statement is run."""
    file = here / "mine.toml"
    file.write_text('[[statement]]\nname = "mine"\nrun = "print(1)"\n')
    assert_refused(command(*arguments), reason)
    assert list(here.iterdir()) == [file]


@pytest.mark.parametrize(
    "call",
    [
        lambda: gil_demo.probe(int),
        lambda: gil_demo.watch().__enter__(),
        lambda: gil_demo.watch(alarm=0.1, ask_every=0.1).__enter__(),
        lambda: gil_demo.hold_gil(0),
        lambda: gil_demo.release_gil(0),
    ],
    ids=["probe", "watch", "watch with an alarm", "hold_gil", "release_gil"],
)
def test_where_nothing_can_be_watched_an_exception_says_so(
    reason: str, call: Callable[[], object]
) -> None:
    """One that a notebook can catch."""
    with pytest.raises(CannotWatch) as refused:
        call()
    assert str(refused.value).startswith(reason)
