"""`gil-demo tour`, as it is asked for on a command line."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import Command

from gil_demo.exit_codes import BAD_INPUT, CONTRADICTED, DONE, INCONCLUSIVE
from gil_demo.host import machine
from gil_demo.results.lesson import Seen
from gil_demo.tour import lesson
from gil_demo.words import State

pytestmark = pytest.mark.usefixtures("home")


def test_the_list_has_a_line_for_every_step(command: Command) -> None:
    """A teacher sees what there is and how long it takes."""
    ended = command("tour", "--list")
    assert ended.returncode == DONE
    for step in lesson.load_all():
        assert re.search(rf"^ ?{step.number} +{re.escape(step.title)}", ended.stdout, flags=re.M)
    assert max(map(len, ended.stdout.splitlines())) <= 80
    assert f"{sum(step.minutes for step in lesson.load_all())} minutes" in ended.stdout


def test_the_notes_have_the_answer_to_every_question(command: Command) -> None:
    """A presenter has all that is said and asked, with the answers; nothing is run."""
    ended = command("tour", "--notes", "--step", "2-3")
    flowing = " ".join(ended.stdout.split())
    for step in lesson.part(2, 3):
        assert f"Right: {step.right + 1}" in flowing
        for text in (step.idea, step.why, step.misconception, step.reply, step.otherwise):
            assert text.replace("``", "") in flowing
        assert step.ask in flowing
    assert "1 of 12" not in flowing


def test_without_a_terminal_there_is_nobody_to_ask(process: Command) -> None:
    """One line that says what to do instead."""
    ended = process("tour")
    assert ended.returncode == BAD_INPUT
    assert re.fullmatch(r"gil-demo: [^\n]*--no-input[^\n]*\n", ended.stderr)
    assert ended.stdout == ""


def test_a_refused_restart_forgets_nothing(process: Command, home: Path) -> None:
    """Where nobody can be asked, what was predicted before is still there afterwards."""
    file = home / "config" / "gil-demo" / "tour.json"
    file.parent.mkdir(parents=True)
    file.write_text("kept")
    assert process("tour", "--restart").returncode == BAD_INPUT
    assert file.read_text() == "kept"


@pytest.mark.parametrize(
    "options",
    [
        *(["--list", "--notes"], ["--list", "--json"], ["--notes", "--no-input"]),
        *(["--no-input", "--pause"], ["--json", "--pause"], ["--list", "--pause"]),
        *(["--notes", "--pause"], ["--gift", "quiz.gift", "--pause"]),
        *(["--restart", "--no-input"], ["--restart", "--json"], ["--list", "--svg", "list.svg"]),
    ],
    ids=" ".join,
)
def test_options_that_exclude_each_other_are_refused(options: list[str], command: Command) -> None:
    """Nothing that was asked for is left out in silence."""
    ended = command("tour", *options)
    assert (ended.returncode, ended.stdout) == (BAD_INPUT, "")
    assert re.fullmatch(r"gil-demo: [^\n]+\n", ended.stderr)


@pytest.mark.parametrize("steps", ["0", "13", "x", "3-2", "", "1,,2", "1-2,13", "-3", "99999"])
def test_unknown_steps_are_refused(steps: str, command: Command) -> None:
    """One line, exit code 2."""
    ended = command("tour", "--no-input", "--step", steps)
    assert ended.returncode == BAD_INPUT
    assert re.fullmatch(r"gil-demo: [^\n]+\n", ended.stderr)


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        (["--step", "1-2,4"], [1, 2, 4]),
        (["--step", "4", "--step", "11-"], [4, 11, 12]),
        (["--minutes", "10"], [1, 2, 4]),
    ],
    ids=["ranges", "twice", "minutes"],
)
def test_a_plan_can_be_typed(options: list[str], numbers: list[int], command: Command) -> None:
    """Ranges add up, and a time chooses the steps."""
    ended = command("tour", "--list", *options)
    assert list(map(int, re.findall(r"^ *(\d+)  ", ended.stdout, flags=re.M))) == numbers


@pytest.mark.parametrize(
    "options", [["--minutes", "3"], ["--minutes", "0"], ["--minutes", "9", "--step", "1"]]
)
def test_a_plan_that_cannot_be_is_refused(options: list[str], command: Command) -> None:
    """One line, exit code 2."""
    ended = command("tour", "--list", *options)
    assert ended.returncode == BAD_INPUT
    assert re.fullmatch(r"gil-demo: [^\n]+\n", ended.stderr)


def test_a_step_goes_through_without_input(process: Command) -> None:
    """Question, figures, what they say, and the line to remember; nothing is kept."""
    ended = process("tour", "--no-input", "--step", "1")
    assert ended.returncode == DONE, ended.stderr
    (step,) = lesson.part(1, 1)
    flowing = " ".join(ended.stdout.split())
    assert step.question in flowing
    assert step.remember in flowing
    assert ("the second entered after the first had left" in flowing) == machine.gil_enabled()
    assert ("were inside at one moment" in flowing) != machine.gil_enabled()
    assert step.sources[0].address in ended.stdout
    assert "\x1b" not in ended.stdout


def test_json_has_the_facts_of_a_step(process: Command) -> None:
    """One document and nothing else."""
    ended = process("tour", "--json", "--step", "1")
    document = json.loads(ended.stdout)
    (step,) = document["steps"]
    (asked,) = lesson.part(1, 1)
    assert (step["name"], step["state"], step["right"]) == ("one-lock", "shown", asked.right + 1)


def test_the_pages_can_be_taken_away(command: Command, home: Path) -> None:
    """The question and the figures of each step that was run, as an SVG and as a web page."""
    ended = command(
        *("tour", "--no-input", "--step", "1"),
        *("--svg", str(home / "step.svg"), "--html", str(home / "step.html")),
    )
    assert ended.returncode == DONE, ended.stderr
    remembered, *_ = re.split("[,:]", lesson.part(1, 1)[0].remember)
    for file in (home / "step.svg", home / "step.html"):
        text = " ".join(file.read_text("utf-8").split())
        for words in ("1 of 12", "What happens?", remembered):
            assert words.replace(" ", "") in text.replace("&#160;", "").replace(" ", "")


def test_slides_are_written_for_each_step(command: Command, home: Path) -> None:
    """The question alone, then the figures, then the answer, and a page that has all of them."""
    folder = home / "slides"
    ended = command("tour", "--no-input", "--step", "1", "--slides", str(folder))
    assert ended.returncode == DONE, ended.stderr
    figures = ["figures"] if machine.gil_enabled() else ["figures", "figures"]  # a second one
    kinds = enumerate(["question", *figures, "answer"], start=1)
    names = [f"{number:02}-step-01-{kind}.svg" for number, kind in kinds]
    assert sorted(file.name for file in folder.iterdir()) == [*names, "slides.html"]
    assert "slides.html" in "".join(ended.stdout.split())


def test_papers_run_nothing(command: Command, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sheet and the quiz have the chosen questions, and no step is run for them."""
    monkeypatch.setattr("gil_demo.tour.steps.let_go.run", None)
    sheet, quiz = home / "sheet.html", home / "quiz.gift"
    ended = command("tour", "--step", "2", "--handout", str(sheet), "--gift", str(quiz))
    assert (ended.returncode, ended.stderr) == (DONE, "")
    (step,) = lesson.part(2, 2)
    assert all(step.question in file.read_text("utf-8") for file in (sheet, quiz))


@pytest.mark.parametrize("option", ["--handout", "--gift", "--slides"])
def test_papers_have_one_meaning(option: str, command: Command, home: Path) -> None:
    """A place that is taken, and options that make no sense together, are refused."""
    taken = home / "taken"
    (taken.mkdir if option != "--slides" else taken.touch)()
    for more in (["--no-input", option, str(taken)], ["--list", option, str(home / "new")]):
        ended = command("tour", *more)
        assert ended.returncode == BAD_INPUT
        assert re.fullmatch(r"gil-demo: [^\n]+\n", ended.stderr)
    assert not (home / "new").exists()


def test_a_place_that_cannot_be_written_is_refused_before_the_lesson(command: Command) -> None:
    """Nobody takes twelve steps to hear that the file cannot be written."""
    ended = command("tour", "--no-input", "--svg", "missing/file.svg")
    assert (ended.returncode, ended.stdout) == (BAD_INPUT, "")


@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- 2>&-"])
def test_a_closed_stream_does_not_come_between_the_tour_and_its_workers(
    closed: str, home: Path
) -> None:
    """Processes and interpreters are talked to by pipes, which get no standard stream's number."""
    command = f"{shlex.quote(sys.executable)} -m gil_demo tour --json --step 12 {closed}"
    ended = subprocess.run(["bash", "-c", command], stdout=subprocess.PIPE, check=False)
    (step,) = json.loads(ended.stdout)["steps"]
    assert "ended before" not in step["reason"]


def test_nothing_is_kept_where_nobody_was_asked(command: Command, home: Path) -> None:
    """A CI job leaves no file behind."""
    command("tour", "--no-input", "--step", "1")
    assert list(home.rglob("tour.json")) == []


@pytest.mark.parametrize(
    ("state", "options", "code"),
    [
        ("shown", ["--check"], DONE),
        ("inconclusive", [], DONE),
        ("inconclusive", ["--check"], INCONCLUSIVE),
        ("contradicted", [], CONTRADICTED),
        ("contradicted", ["--check"], CONTRADICTED),
    ],
)
def test_the_exit_code_says_what_came_of_the_steps(
    state: State, options: list[str], code: int, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job can decide by it."""
    seen = Seen(state, None, ("", "", ""), (), "no reason")
    monkeypatch.setattr("gil_demo.tour.steps.one_lock.run", lambda progress: seen)
    lesson.load_all.cache_clear()
    ended = command("tour", "--no-input", "--step", "1", *options)
    monkeypatch.undo()
    lesson.load_all.cache_clear()
    assert ended.returncode == code
    assert ("no reason" in ended.stdout) == (state != "shown")
