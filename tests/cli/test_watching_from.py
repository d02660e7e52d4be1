"""`watch --from` and `probe --from`: what was kept is shown in every form, and nothing is run."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from command_line import assert_refused
from jsonschema import Draft202012Validator

from gil_demo.report.document import json_text, schema
from gil_demo.report.watching_probe import probes_document, selftest_document
from gil_demo.results.watching import NamedProbe, SelfTestRow
from gil_demo.watching.probe import inconclusive

Command = Callable[..., CompletedProcess[str]]
Watched = Callable[..., tuple[CompletedProcess[str], dict[str, Any]]]

STALL = """\
import threading, time
from gil_demo import hold_gil
def stall():
    hold_gil(0.06)
server = threading.Thread(target=stall, name="server")
server.start()
while server.is_alive():
    time.sleep(0.002)
"""

FORMS = ("json", "csv", "markdown", "svg", "html", "trace")


def files(name: str) -> list[str]:
    """The options that write every form."""
    return [word for form in FORMS for word in (f"--{form}", f"{name}.{form}")]


def test_every_form_of_a_kept_watch_is_that_of_the_watch(
    watchable: None, here: Path, process: Command, command: Command
) -> None:
    """Files do not depend on when they are made; the screen shows the same report."""
    (here / "program.py").write_text(STALL)
    live = process("watch", *files("live"), "program.py")
    kept = command("watch", "--from", "live.json", *files("kept"))
    assert (kept.returncode, kept.stderr) == (0, "")
    for form in FORMS:
        assert (here / f"live.{form}").read_bytes() == (here / f"kept.{form}").read_bytes(), form
    assert live.stderr.splitlines()[1:] == kept.stdout.splitlines()
    assert "was caused by program.py:4 (stall), in hold_gil" in " ".join(kept.stdout.split())


@pytest.fixture
def stalled(here: Path, watched: Watched) -> dict[str, Any]:
    """A kept watch, in seen.json."""
    _, seen = watched(STALL, "-q")
    return seen


def test_fail_over_judges_a_kept_watch(stalled: dict[str, Any], command: Command) -> None:
    """So that the limit can be chosen afterwards."""
    assert command("watch", "--from", "seen.json", "-q", "--fail-over", "20s").returncode == 0
    assert command("watch", "--from", "seen.json", "-q", "--fail-over", "1us").returncode == 1


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (["program.py"], "runs no program"),
        (["-m", "this"], "runs no program"),
        (["--alarm", "5ms"], "--alarm"),
        (["--max-holds", "5"], "--max-holds"),
        (["--json", "seen.json"], "name the same file"),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, list) else "",
)
def test_what_a_run_needs_is_refused_with_a_kept_watch(
    given: list[str], named: str, stalled: dict[str, Any], command: Command
) -> None:
    """Nothing that was asked for is ignored."""
    assert_refused(command("watch", "--from", "seen.json", *given), named, "--from")


def _changed(document: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """The document with another value at a path of names and numbers."""
    *parents, last = path.split(".")
    at: Any = document
    for name in parents:
        at = at[int(name) if name.isdigit() else name]
    at[int(last) if last.isdigit() else last] = value
    return document


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("format", "gil-demo/run", "is of format 'gil-demo/run'"),
        ("version", 99, "install a later gil-demo"),
        ("seconds", 0.0, "seconds is 0, which is not the time of a program"),
        ("lanes", 7, "lanes is 7"),
        ("lanes.0", 7, "lanes[0] is 7"),
        ("lanes.0.holds.0", [5, 1, 1.0, 0], "does not lie in the time"),
        ("lanes.0.holds.0", [1, 5, 1.0, 10**6], "a stack that the document lacks"),
        ("lanes.0.holds.0", [1], "lacks 'end_ns'"),
        ("worst.lanes", None, "worst.lanes is null"),
        ("holds.0.kind", "bad", "holds[0].kind is"),
    ],
)
def test_a_document_that_is_not_a_watch_is_refused(
    path: str, value: object, told: str, stalled: dict[str, Any], here: Path, command: Command
) -> None:
    """In one line that names the file and what is wrong with it."""
    (here / "bad.json").write_text(json.dumps(_changed(stalled, path, value)))
    assert_refused(command("watch", "--from", "bad.json"), "bad.json", told)


def test_a_kept_probe_is_shown_and_judged(watchable: None, here: Path, command: Command) -> None:
    """The same text, picture and document; --expect judges what was kept."""
    statement = ["-s", "from gil_demo import release_gil", "release_gil(0.004)", "-n", "5"]
    (here / "probe.json").write_text(command("probe", *statement, "--json").stdout)
    kept = ["probe", "--from", "probe.json"]
    assert command(*kept, "--json").stdout == (here / "probe.json").read_text()
    shown = command(*kept, "--expect", "releases")
    assert shown.stdout.splitlines()[1].startswith("releases the GIL (held for ")
    assert "one call" in shown.stdout
    assert shown.returncode == 0
    assert command(*kept, "--expect", "holds").returncode == 1
    assert_refused(command(*kept, "1"), "STATEMENT", "--from")
    assert_refused(command(*kept, "--numpy"), "--numpy", "--from")


def test_a_kept_table_and_a_kept_selftest_are_shown(here: Path, command: Command) -> None:
    """Each is known by the format that it names, and keeps its exit code."""
    rows = [NamedProbe("mine", "a name", "a reason", inconclusive("1 / 0", "it raised"))]
    table = probes_document(rows, "Which of mine?")
    Draft202012Validator(schema("probes")).validate(table)
    (here / "table.json").write_text(json_text(table))
    shown = command("probe", "--from", "table.json")
    assert shown.stdout.startswith("Which of mine?")
    assert shown.returncode == 3
    assert command("probe", "--from", "table.json", "--json").stdout == json_text(table)
    for measured, code in ((0.5, 0), (0.6, 1)):
        cycles = selftest_document([SelfTestRow(1, "asleep", 0.49, 0.51, measured)])
        (here / "cycles.json").write_text(json_text(cycles))
        shown = command("probe", "--from", "cycles.json")
        assert "49.000-51.000" in shown.stdout
        assert shown.returncode == code


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "is not JSON"),
        ('{"format": "gil-demo/watch", "version": 1}', "'gil-demo/probe' is needed"),
        ('{"format": "gil-demo/probe", "version": 1}', "lacks"),
        ('{"format": "gil-demo/probes", "version": 1, "title": "", "statements": 5}', "is 5"),
        ('{"format": "gil-demo/selftest", "version": 1, "cycles": []}', "has no cycles"),
        ('{"format": "gil-demo/selftest", "version": 1, "cycles": [1]}', "cycles[0] is 1"),
    ],
)
def test_a_document_that_is_not_a_probe_is_refused(
    text: str, told: str, here: Path, command: Command
) -> None:
    """In one line, whatever it is."""
    (here / "bad.json").write_text(text)
    assert_refused(command("probe", "--from", "bad.json"), "bad.json", told)
