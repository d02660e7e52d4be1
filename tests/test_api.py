"""What a notebook can call: `gil_demo.race` and the report it gives."""

from io import StringIO
from typing import Any

import numpy as np
import pytest
from command_line import Command
from rich.console import Console

import gil_demo
from gil_demo import api
from gil_demo.gallery import registry
from gil_demo.host import machine
from gil_demo.limits import MAX_DEFAULT_THREADS, MAX_THREADS
from gil_demo.measuring.plan import Plan
from gil_demo.measuring.responsiveness import companies
from gil_demo.native.kernels import UnsuitableArray
from gil_demo.report.run import RunReport
from gil_demo.words import HALVES

COMPANIES = companies(gil_enabled=machine.gil_enabled())


@pytest.fixture(scope="module")
def report() -> RunReport:
    """A real report, of everything but the patterns."""
    return gil_demo.race(threads=(1, 2), rounds=1)


def test_a_race_gives_figures_and_a_report(report: RunReport) -> None:
    """The result has what was measured: threads, rounds, a million elements, both tables."""
    settings = report.result.settings
    assert (settings.threads, settings.rounds, settings.elements) == ((1, 2), 1, 1_000_000)
    assert report.result.picture
    assert report.result.scaling
    assert report.result.responsiveness
    assert not report.result.patterns


def test_a_report_says_how_the_run_was_made(report: RunReport) -> None:
    """The length of a call is told, and what the interpreter and the machine are."""
    assert f"{report.result.settings.passes:,} passes over" in report.result.notes[0]
    assert report.result.notes[0].endswith(" elements, about 21 ms of processor time.")
    assert report.result.environment.cores == machine.usable_cores()
    assert report.document()["settings"]["rounds"] == 1


def test_a_call_of_one_long_pass_is_said_to_take_longer() -> None:
    """A pass is never cut, so the length that was planned is the least."""
    plan = Plan(np.ones(10), "sum", (1,), 1, 0, frozenset(), 1)
    told = "Each call: 1 pass over 10 elements, 21 ms of processor time or more."
    assert api._length_of_calls(plan) == told


def test_a_report_draws_itself_in_a_terminal(report: RunReport) -> None:
    """Printed by rich it is what the command shows, from the interpreter to the verdict."""
    file = StringIO()
    Console(file=file, width=100, color_system=None).print(report)
    lines = file.getvalue().splitlines()
    assert lines[0].startswith(report.result.environment.implementation)
    assert any(line.startswith("ticker") for line in lines)
    assert f"Verdict: {report.result.verdict.state}." in file.getvalue()


def test_a_report_draws_itself_in_a_notebook(report: RunReport) -> None:
    """Jupyter asks for forms to show and gets text and HTML, both with the verdict."""
    forms: dict[str, Any] = report._repr_mimebundle_(include=(), exclude=())
    assert set(forms) == {"text/plain", "text/html"}
    assert all("Verdict:" in text for text in forms.values())


@pytest.mark.parametrize("threads", [[0], [-1], [1, 0, 2], [MAX_THREADS + 1], [10_000]])
def test_impossible_numbers_of_threads_are_refused(threads: list[int]) -> None:
    """Numbers of threads below 1 or above the limit are refused, and the limits are named."""
    with pytest.raises(ValueError, match=f"threads must be from 1 to {MAX_THREADS}"):
        gil_demo.race(threads=threads)


def test_more_writing_threads_than_elements_are_refused() -> None:
    """Threads that write need an element each."""
    with pytest.raises(ValueError, match="fewer threads or more elements"):
        gil_demo.race(np.ones(3), kernel="scale", threads=[2, 4])


def test_a_race_is_refused_before_anything_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Preparing checks everything and calls no kernel; running prepares no second time."""
    monkeypatch.setattr(Plan, "calibrated", lambda *_: pytest.fail("ran"))
    with pytest.raises(ValueError, match="sections must be some of"):
        api.prepare(sections=["weather"])  # type: ignore[list-item]  # that is the point
    assert api.prepare(np.ones(3), threads=[2]).threads == (2,)


def test_progress_goes_once_from_none_to_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measuring and trying patterns are one job to whoever waits."""
    tried = [(pattern, half) for pattern in registry.load_all()[:2] for half in HALVES]
    monkeypatch.setattr(api, "_pattern_halves", lambda: tried)
    steps: list[tuple[int, int]] = []
    gil_demo.race(
        np.ones(1000),
        threads=[1],
        rounds=1,
        sections=["responsiveness", "patterns"],
        progress=lambda done, of: steps.append((done, of)),
    )
    count = len(COMPANIES) + len(tried)
    assert {of for _, of in steps} == {count}
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)
    assert steps[0] == (0, count)
    assert steps[-1] == (count, count)


@pytest.mark.parametrize("rounds", [0, -3])
def test_impossible_numbers_of_rounds_are_refused(rounds: int) -> None:
    """Fewer rounds than one show nothing."""
    with pytest.raises(ValueError, match="rounds must be 1 or more"):
        gil_demo.race(rounds=rounds)


def test_an_unsuitable_array_is_refused() -> None:
    """An array that C would misread is a ValueError that names the fix."""
    with pytest.raises(UnsuitableArray, match=r"x\.astype\(np\.float64\)") as refusal:
        gil_demo.race(np.ones(10, np.float32))
    assert isinstance(refusal.value, ValueError)


def test_ones_own_array_is_raced_and_left_as_it_was() -> None:
    """Even the kernel that writes gives the array back with the numbers that were in it."""
    array = np.arange(1.0, 1002.0)
    report = gil_demo.race(array, kernel="scale", threads=[2], rounds=1, sections=["scaling"])
    assert report.result.settings.elements == 1001
    assert report.result.verdict.state != "contradicted"
    assert array.tolist() == np.arange(1.0, 1002.0).tolist()


def test_progress_notes_and_the_input_are_told() -> None:
    """The caller hears how far it is, and finds its own words in the result."""
    steps: list[tuple[int, int]] = []
    report = gil_demo.race(
        np.ones(1000),
        threads=[1],
        rounds=1,
        sections=["responsiveness"],
        input_name="mine.npy",
        notes=["from a notebook"],
        progress=lambda done, of: steps.append((done, of)),
    )
    count = len(COMPANIES)
    assert steps == [(done, count) for done in range(count + 1)]
    assert report.result.settings.input == "mine.npy"
    assert report.result.notes[-1] == "from a notebook"


@pytest.mark.parametrize(
    ("cores", "threads"),
    [(1, (1, 2)), (2, (1, 2)), (3, (1, 2)), (4, (1, 2, 4)), (7, (1, 2, 4)), (64, (1, 2, 4, 8))],
)
def test_threads_go_up_to_the_cores_unless_told(
    cores: int, threads: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By default powers of two up to the cores, two even on one core, never too many."""
    monkeypatch.setattr(machine, "usable_cores", lambda: cores)
    assert api.default_threads() == threads
    assert max(threads) <= MAX_DEFAULT_THREADS


def test_the_package_offers_what_it_names() -> None:
    """Its names are the API's functions; a name that does not exist is an AttributeError."""
    assert gil_demo.__all__ == [
        "frozen",
        "guard",
        "hold_gil",
        "probe",
        "protect",
        "race",
        "release_gil",
        "tour",
        "watch",
        "watch_writes",
    ]
    functions = [name for name in gil_demo.__all__ if name != "tour"]
    assert all(getattr(gil_demo, name) is getattr(api, name) for name in functions)
    with pytest.raises(AttributeError, match="no attribute 'rase'"):
        _ = gil_demo.rase


def test_importing_the_package_loads_nothing_heavy(python: Command) -> None:
    """A program that imports gil_demo pays for NumPy when it asks for a race, not before."""
    loaded = "print('numpy' in sys.modules)"
    ended = python(f"import sys, gil_demo; {loaded}; gil_demo.race; {loaded}")
    assert ended.stdout.split() == ["False", "True"]
