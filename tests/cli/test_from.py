"""`--from`: a result that was kept is shown in every form, and nothing is run."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from command_line import Command, assert_refused

from gil_demo.report.document import json_text, run_document, try_document
from gil_demo.results.patterns import TryResult
from gil_demo.results.run import RunResult


@pytest.fixture
def run_file(here: Path, made: RunResult, monkeypatch: pytest.MonkeyPatch) -> str:
    """A kept run, where nothing may be measured."""
    monkeypatch.setattr("gil_demo.api.prepare", lambda *_, **__: pytest.fail("measured"))
    (here / "run.json").write_text(json_text(run_document(made)))
    return "run.json"


@pytest.fixture
def try_file(here: Path, made: RunResult, monkeypatch: pytest.MonkeyPatch) -> str:
    """What trying a pattern showed, kept, where nothing may be tried."""
    monkeypatch.setattr("gil_demo.sandbox.rows.try_patterns", lambda *_: pytest.fail("tried"))
    (here / "try.json").write_text(json_text(try_document(TryResult(made.patterns))))
    return "try.json"


def test_a_kept_run_looks_as_it_did(run_file: str, command: Command) -> None:
    """From the place where it was measured to the verdict, and with the picture."""
    ended = command("run", "--from", run_file)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("CPython 3.13.0, GIL on, 2 cores, NumPy 2.3.0\n")
    for part in ("GIL held:", "GIL released:", "Scaling:", "Responsiveness:", "Verdict: shown."):
        assert part in ended.stdout


@pytest.mark.usefixtures("canned")
def test_every_form_of_a_kept_run_is_that_of_the_run(
    here: Path, command: Command, made: RunResult
) -> None:
    """Files, Markdown and JSON do not depend on when they are made."""
    (here / "run.json").write_text(json_text(run_document(made)))
    forms = ("svg", "html", "csv", "trace")
    for name, source in (("live", []), ("kept", ["--from", "run.json"])):
        files = [word for form in forms for word in (f"--{form}", f"{name}.{form}")]
        assert command("run", *source, *files).returncode == 0
    for form in forms:
        assert (here / f"live.{form}").read_bytes() == (here / f"kept.{form}").read_bytes()
    for form in ("--json", "--markdown"):
        assert command("run", form).stdout == command("run", form, "--from", "run.json").stdout


def test_a_kept_run_has_its_exit_code(run_file: str, here: Path, command: Command) -> None:
    """With --check the verdict that was kept decides."""
    assert command("run", "--from", run_file, "--check").returncode == 0
    document = json.loads((here / run_file).read_text())
    document["verdict"]["state"] = "inconclusive"
    (here / run_file).write_text(json.dumps(document))
    assert command("run", "--from", run_file, "--check").returncode == 3
    assert command("run", "--from", run_file).returncode == 0


@pytest.mark.parametrize("form", [[], ["--markdown"], ["--svg", "try.svg"], ["--json"]])
def test_kept_trials_are_shown_in_every_form(
    form: list[str], try_file: str, here: Path, command: Command
) -> None:
    """What each half ended in, and the evidence."""
    ended = command("try", "--from", try_file, *form)
    assert (ended.returncode, ended.stderr) == (0, "")
    for word in ("lock-order", "deadlock", "took turns"):
        assert word in ended.stdout
    assert (here / "try.svg").exists() == ("--svg" in form)


def test_kept_trials_of_an_unknown_pattern_are_shown(
    here: Path, command: Command, made: RunResult
) -> None:
    """A later version may have patterns that this one lacks; their rows need no page."""
    renamed = tuple(replace(row, name="unheard-of") for row in made.patterns)
    (here / "try.json").write_text(json_text(try_document(TryResult(renamed))))
    ended = command("try", "--from", "try.json")
    assert ended.returncode == 0
    assert "unheard-of" in ended.stdout


def test_kept_trials_have_their_exit_code(here: Path, command: Command, made: RunResult) -> None:
    """A half that ended otherwise than declared counts, whenever it did."""
    (here / "try.json").write_text(
        json_text(try_document(TryResult((replace(made.patterns[0], as_expected=0),))))
    )
    assert command("try", "--from", "try.json").returncode == 1


@pytest.mark.parametrize(
    "option",
    [
        ["--size", "3"],
        ["--kernel", "sum"],
        ["--threads", "2"],
        ["--rounds", "1"],
        ["--seed", "0"],
        ["--quick"],
        ["--section", "scaling"],
        ["--input", "mine.npy"],
    ],
    ids=" ".join,
)
def test_options_that_measure_are_refused_with_a_kept_run(
    option: list[str], run_file: str, command: Command
) -> None:
    """Even a default value, if it was given: nothing that was asked for is ignored."""
    assert_refused(command("run", "--from", run_file, *option), option[0], "--from")


@pytest.mark.parametrize(
    "option",
    [["lock-order"], ["--all"], ["--half", "safe"], ["--unforced"], ["--repeat", "1"]],
    ids=" ".join,
)
def test_options_that_try_are_refused_with_kept_trials(
    option: list[str], try_file: str, command: Command
) -> None:
    """The same for patterns, by name or all of them."""
    named = option[0] if option[0].startswith("--") else "NAMES"
    assert_refused(command("try", "--from", try_file, *option), named, "--from")


def test_a_kept_result_of_another_command_is_refused(
    run_file: str, try_file: str, command: Command
) -> None:
    """The line names both formats, and how to get the right one."""
    refused = command("run", "--from", try_file)
    assert_refused(refused, "try.json", "'gil-demo/try'", "gil-demo run --json")
    assert_refused(command("try", "--from", run_file), "run.json", "'gil-demo/run'")


@pytest.mark.parametrize("name", ["missing.json", ".", "missing/run.json"])
def test_a_kept_result_that_is_no_file_is_refused(name: str, here: Path, command: Command) -> None:
    """The line says why it cannot be read."""
    assert_refused(command("run", "--from", name), f"{name}: the document cannot be read: ")


def test_the_kept_file_is_not_written_over(run_file: str, here: Path, command: Command) -> None:
    """A picture of a result must not replace the result."""
    before = (here / run_file).read_bytes()
    assert_refused(command("run", "--from", run_file, "--svg", run_file), "--from and --svg")
    assert (here / run_file).read_bytes() == before


def test_a_trace_of_a_kept_run_without_races_is_refused(
    here: Path, command: Command, made: RunResult
) -> None:
    """A result of the ticker alone has no threads to draw."""
    document = run_document(made) | {"spans": [], "picture": []}
    (here / "run.json").write_text(json_text(document))
    assert_refused(command("run", "--from", "run.json", "--trace", "trace.json"), "--trace")
    assert not (here / "trace.json").exists()


def test_a_result_goes_through_a_pipe(made: RunResult) -> None:
    """``gil-demo run --json`` on one machine, ``gil-demo run --from -`` on another."""
    ended = subprocess.run(
        [sys.executable, "-m", "gil_demo", "run", "--from", "-"],
        input=json_text(run_document(made)),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert "Verdict: shown." in ended.stdout
