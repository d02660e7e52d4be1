"""The doctor: what there is, what is missing, and what to expect of it."""

import json
import sys
from dataclasses import replace

import pytest
from command_line import Command
from jsonschema import Draft202012Validator

from gil_demo.host.doctor import _advice, examine
from gil_demo.native import kernels
from gil_demo.report.document import schema
from gil_demo.results.host import Environment, Examination
from gil_demo.results.run import RunResult

WITHOUT_C = """
import sys
sys.modules["gil_demo._held"] = None
from gil_demo.__main__ import main
main()
"""


@pytest.fixture(scope="module")
def examination() -> Examination:
    """What the doctor says here."""
    return examine()


@pytest.fixture
def environment(made: RunResult) -> Environment:
    """Two quiet cores, and a GIL."""
    return made.environment


def advice(environment: Environment, problem: str | None = None) -> str:
    return " ".join(_advice(environment, problem))


def test_what_is_here_is_found(examination: Examination) -> None:
    """The compiler that built the C, the interpreter's settings, and no problem."""
    assert examination.built_by == kernels.compiler()
    assert examination.build_problem is None
    assert examination.switch_interval_seconds == sys.getswitchinterval()
    assert examination.advice


def test_the_doctor_is_read_as_a_table(command: Command) -> None:
    """A line each on interpreter, GIL, cores, memory and build, and then the advice."""
    ended = command("doctor")
    assert (ended.returncode, ended.stderr) == (0, "")
    first_words = [line.split()[0] for line in ended.stdout.splitlines() if line.strip()]
    for fact in ("interpreter", "GIL", "cores", "memory", "NumPy", "platform", "compiler"):
        assert fact in first_words
    assert "-" in first_words


def test_advice_that_goes_on_below_stays_behind_its_dash(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dash in the first column begins each sentence, and nothing else stands there."""
    monkeypatch.setenv("COLUMNS", "40")
    advice = command("doctor").stdout.rpartition("\n\n")[2].splitlines()
    assert len(advice) > sum(line.startswith("- ") for line in advice) >= 2
    assert {line[:2] for line in advice} == {"- ", "  "}


def test_the_doctor_speaks_json(command: Command) -> None:
    """With --json, one document that keeps its schema, and nothing else."""
    ended = command("doctor", "--json")
    assert (ended.returncode, ended.stderr) == (0, "")
    Draft202012Validator(schema("doctor")).validate(json.loads(ended.stdout))


def test_without_the_c_the_doctor_says_what_is_missing(python: Command) -> None:
    """If the C modules do not load, the doctor still comes: it says so, and how to build them."""
    ended = python(WITHOUT_C, "doctor")
    assert (ended.returncode, ended.stderr) == (0, "")
    text = " ".join(ended.stdout.split())
    assert "C modules not built" in text
    assert "Nothing can be run: the C modules do not load" in text
    assert "pip install --editable ." in text


def test_without_the_c_the_doctor_still_speaks_json(python: Command) -> None:
    """The document says it too: no compiler of the build, but a problem."""
    ended = python(WITHOUT_C, "doctor", "--json")
    assert (ended.returncode, ended.stderr) == (0, "")
    document = json.loads(ended.stdout)
    Draft202012Validator(schema("doctor")).validate(document)
    assert document["built_by"] is None
    assert "do not load" in document["build_problem"]


@pytest.mark.parametrize("options", [["--quick"], ["--json"], ["--section", "picture"]])
def test_without_the_c_nothing_is_run(options: list[str], python: Command) -> None:
    """A run that cannot be made says why in one line."""
    ended = python(WITHOUT_C, "run", *options)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("gil-demo: the C modules do not load")
    assert ended.stderr.count("\n") == 1


def test_a_quiet_machine_is_a_good_moment(environment: Environment) -> None:
    """Two free cores: how much faster released calls can be, and that now is a good time."""
    text = advice(environment)
    assert "up to 2 times as fast" in text
    assert "quiet" in text


def test_a_busy_machine_is_told(environment: Environment) -> None:
    """Cores that others use make speed-ups low; the proof stays right."""
    text = advice(replace(environment, machine_busy=0.6))
    assert "Others take 60% of the cores" in text
    assert "stay right" in text
    assert "quiet" not in text


def test_one_core_promises_no_speed(environment: Environment) -> None:
    """On one core released calls overlap and are no faster."""
    text = advice(replace(environment, cores=1))
    assert "There is one core" in text
    assert "times as fast" not in text


def test_a_machine_that_does_not_tell_is_no_quiet_one(environment: Environment) -> None:
    """Where load is unknown, native threads are what to compare with."""
    text = advice(replace(environment, machine_busy=None))
    assert "does not tell" in text
    assert "quiet" not in text


def test_an_interpreter_without_a_gil_is_told(environment: Environment) -> None:
    """Held calls are then no slower, which is said once; a GIL turned back on is told."""
    without = replace(environment, free_threaded=True, gil_enabled=False)
    assert "There is no GIL" in advice(without)
    assert "as fast as held ones" not in advice(without)
    assert "something turned it on" in advice(replace(without, gil_enabled=True))
    assert "no GIL" not in advice(environment)


def test_a_build_that_does_not_load_comes_first(environment: Environment) -> None:
    """What has to be mended before anything else is the first advice."""
    assert next(iter(_advice(environment, "it broke"))) == "Nothing can be run: it broke."
