"""``gil-demo tour --from``: a kept lesson is shown again, and nothing is run."""

import json
from pathlib import Path

import pytest
from command_line import Command, assert_refused

from gil_demo.exit_codes import CONTRADICTED, DONE, INCONCLUSIVE
from gil_demo.report.document import json_text, tour_document
from gil_demo.results.lesson import Cell, Lanes, Seen, Table
from gil_demo.results.run import RunResult
from gil_demo.tour import lesson
from gil_demo.tour.kept import result_of
from gil_demo.tour.walk import Walk

STEPS = lesson.load_for(gil_enabled=True)[:2]
"""Those of the place where the kept lesson was run."""


@pytest.fixture
def tour_file(here: Path, made: RunResult, monkeypatch: pytest.MonkeyPatch) -> str:
    """A kept lesson of two steps, one of which was shown, where nothing may be run."""
    monkeypatch.setattr("gil_demo.measuring.race.run_race", lambda *_: pytest.fail("raced"))
    walk = Walk(STEPS, environment=made.environment)
    table = Table(
        ("", "time"),
        (("a row", Cell(12.34, "ms", 1, 10.0, 15.0)), ("ticks", Cell(7))),
        "A caption.",
    )
    figures = (Lanes(made.picture, gil_enabled=True), table)
    walk.seen["one-lock"] = Seen.shown(1, ("No.", "Yes.", "No."), figures, "A note.")
    walk.seen["let-go"] = Seen.open("nobody was there", remarks=("", "Nothing."))
    (here / "tour.json").write_text(json_text(tour_document(result_of(walk))))
    return "tour.json"


def test_a_kept_lesson_looks_as_it_did(tour_file: str, command: Command) -> None:
    """From the place where it was run to the last remark, with its figures."""
    ended = command("tour", "--from", tour_file)
    assert (ended.returncode, ended.stderr) == (DONE, "")
    assert ended.stdout.startswith("CPython 3.13.0, GIL on, 2 cores, NumPy 2.3.0\n")
    first, second = STEPS
    for part in ("GIL held:", "12.3 ms (10.0-15.0)", "A caption.", "A note.", first.remember):
        assert part in ended.stdout
    assert "Not shown: nobody was there." in ended.stdout
    assert second.remember not in ended.stdout
    assert second.sources[0].address in ended.stdout


def test_a_kept_lesson_has_every_form(tour_file: str, here: Path, command: Command) -> None:
    """The JSON is the same again, and the pictures have the figures."""
    printed = command("tour", "--from", tour_file, "--json")
    assert printed.stdout == (here / tour_file).read_text()
    command("tour", "--from", tour_file, "--svg", "tour.svg", "--html", "tour.html")
    for name in ("tour.svg", "tour.html"):
        text = (here / name).read_text("utf-8").replace("&#160;", " ")
        assert "12.3 ms (10.0-15.0)" in text


@pytest.mark.parametrize(
    ("state", "options", "code"),
    [
        ("inconclusive", [], DONE),
        ("inconclusive", ["--check"], INCONCLUSIVE),
        ("contradicted", [], CONTRADICTED),
    ],
)
def test_a_kept_lesson_has_its_exit_code(
    state: str, options: list[str], code: int, tour_file: str, here: Path, command: Command
) -> None:
    """What was seen then decides, as it did then."""
    document = json.loads((here / tour_file).read_text())
    document["steps"][1]["state"] = state
    (here / tour_file).write_text(json.dumps(document))
    assert command("tour", "--from", tour_file, *options).returncode == code


@pytest.mark.parametrize("option", ["--list", "--notes", "--no-input", "--restart", "--step=1"])
def test_options_that_run_are_refused_with_a_kept_lesson(
    option: str, tour_file: str, command: Command
) -> None:
    """Nothing that was asked for is ignored."""
    ended = command("tour", "--from", tour_file, option)
    assert_refused(ended, option.partition("=")[0], "--from")


def test_a_kept_lesson_with_an_unknown_step_is_refused(
    tour_file: str, here: Path, command: Command
) -> None:
    """The line names the file and the step."""
    text = (here / tour_file).read_text().replace('"let-go"', '"unheard-of"')
    (here / tour_file).write_text(text)
    assert_refused(command("tour", "--from", tour_file), "tour.json", "unheard-of")


def test_a_kept_result_of_another_command_is_refused(here: Path, command: Command) -> None:
    """The line says what is needed, and how to get it."""
    (here / "run.json").write_text('{"format": "gil-demo/run", "version": 2}')
    refused = command("tour", "--from", "run.json")
    assert_refused(refused, "'gil-demo/run'", "gil-demo tour --json")
