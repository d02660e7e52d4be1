"""`gil-demo run`: what it prints, as text and as JSON, and its exit code."""

import json
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from command_line import MEASURED, ONE_CALL, Command
from jsonschema import Draft202012Validator

from gil_demo import api
from gil_demo.host import machine
from gil_demo.report.document import schema
from gil_demo.results.run import RunResult, Verdict
from gil_demo.words import State


def test_a_run_is_read_from_place_to_verdict(command: Command, canned: RunResult) -> None:
    """Where this is comes first, then picture, tables and verdict, and nothing on stderr."""
    ended = command("run")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.splitlines()[0].startswith(f"{machine.environment().implementation} ")
    order = ["GIL held:", "GIL released:", "Scaling:", "Responsiveness:", "Verdict: shown."]
    places = [ended.stdout.index(word) for word in order]
    assert places == sorted(places)


@pytest.mark.parametrize("section", ["picture", "scaling", "responsiveness"])
def test_a_section_is_shown_alone(section: str, command: Command) -> None:
    """Only what was asked for is measured and shown, with the verdict below."""
    marks = {"picture": "\nGIL held", "scaling": "Scaling:", "responsiveness": "Responsiveness:"}
    ended = command("run", "--rounds", "1", "--section", section)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert [name for name, mark in marks.items() if mark in ended.stdout] == [section]
    assert "Verdict: " in ended.stdout


def test_sections_may_be_combined(command: Command) -> None:
    """The option may be given again for another section."""
    ended = command("run", "--rounds", "1", "--section", "picture", "--section", "scaling")
    assert "\nGIL held" in ended.stdout
    assert "Scaling:" in ended.stdout
    assert "Responsiveness:" not in ended.stdout


def test_options_reach_the_run(command: Command) -> None:
    """Kernel, size, threads, rounds and seed are what the document says was run."""
    options = {"--kernel": "spin", "--size": "2k", "--threads": "2", "--rounds": "1", "--seed": "7"}
    ended = command("run", *(w for pair in options.items() for w in pair), "--json", *ONE_CALL[:2])
    settings = json.loads(ended.stdout)["settings"]
    assert (settings["kernel"], settings["elements"], settings["seed"]) == ("spin", 2000, 7)
    assert (settings["threads"], settings["rounds"]) == ([1, 2], 1)


@pytest.mark.parametrize(
    ("options", "rounds"), [(["--quick"], 2), (["--quick", "--rounds", "1"], 1)]
)
def test_quick_means_few_rounds(options: list[str], rounds: int, command: Command) -> None:
    """--quick makes two rounds; a number of rounds given with it is kept."""
    ended = command("run", *options, *ONE_CALL[:2], "--json")
    assert json.loads(ended.stdout)["settings"]["rounds"] == rounds


def test_json_is_one_document_and_nothing_else(process: Command) -> None:
    """A whole run prints one document that keeps its schema, in plain ASCII, and nothing else."""
    ended = process("run", "--quick", "--json", "--threads", "1,2")
    assert (ended.returncode, ended.stderr) == (0, "")
    document = json.loads(ended.stdout)
    Draft202012Validator(schema("run")).validate(document)
    assert ended.stdout.isascii()
    assert document["format"] == "gil-demo/run"
    assert {span["gil"] for span in document["spans"]} == {"held", "released", "native"}
    assert {row["gil"] for row in document["scaling"]} == {"held", "released", "native"}


def test_the_facts_of_a_real_run_are_in_its_json(command: Command) -> None:
    """With a GIL: held calls were inside one at a time, and nobody ticked inside one."""
    document = json.loads(command("run", "--quick", "--json", *MEASURED).stdout)
    held = [row["peak_inside"]["max"] for row in document["scaling"] if row["gil"] == "held"]
    ticks = {row["gil"]: row["ticks_inside"] for row in document["responsiveness"]}
    if document["environment"]["gil_enabled"]:
        assert set(held) == {1}
        assert ticks["held"] == 0
    assert ticks["alone"] is None
    assert document["verdict"]["state"] != "contradicted"


@pytest.mark.parametrize("section", ["picture", "scaling", "responsiveness"])
def test_the_json_of_one_section_keeps_the_schema(section: str, command: Command) -> None:
    """What was not asked for is empty, and the document is still one."""
    document = json.loads(command("run", "--rounds", "1", "--json", "--section", section).stdout)
    Draft202012Validator(schema("run")).validate(document)
    filled = {name for name in ("spans", "scaling", "responsiveness") if document[name]}
    assert (
        filled
        == {
            "picture": {"spans"},
            "scaling": {"spans", "scaling"},
            "responsiveness": {"responsiveness"},
        }[section]
    )


@pytest.mark.usefixtures("here")
def test_a_converted_file_is_told(command: Command) -> None:
    """Single precision is converted, and a note on the screen and in the document says so."""
    np.save("single.npy", np.ones(1000, np.float32))
    note = "single.npy: <f4 was converted to float64, a copy in memory"
    assert note in command("run", *ONE_CALL, "--input", "single.npy").stdout
    document = json.loads(command("run", *ONE_CALL, "--input", "single.npy", "--json").stdout)
    assert note in document["notes"]
    assert document["settings"]["input"] == "single.npy"
    assert document["settings"]["elements"] == 1000


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("dtype", ["<f8", "<f4"])
def test_a_file_is_never_written(dtype: str, command: Command) -> None:
    """Even the kernel that writes leaves a person's file as it was, to the byte."""
    np.save("mine.npy", np.arange(1000, dtype=dtype))
    before = Path("mine.npy").read_bytes(), Path("mine.npy").stat().st_mtime_ns
    ended = command("run", *ONE_CALL, "--input", "mine.npy", "--kernel", "scale")
    assert ended.returncode == 0
    assert (Path("mine.npy").read_bytes(), Path("mine.npy").stat().st_mtime_ns) == before


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("odd", [np.nan, np.inf])
def test_invalid_numbers_change_nothing(odd: float, command: Command) -> None:
    """A nan or an infinity in the array is no contradiction: the same sum comes out every time."""
    numbers = np.ones(1000)
    numbers[[3, 500]] = odd, -odd
    np.save("mine.npy", numbers)
    ended = command("run", "--input", "mine.npy", "--rounds", "1", "--section", "scaling", "--json")
    assert json.loads(ended.stdout)["verdict"]["state"] != "contradicted"


CODES: dict[State, int] = {"shown": 0, "contradicted": 1, "inconclusive": 3}


@pytest.mark.parametrize("state", get_args(State))
def test_check_says_the_verdict_with_the_exit_code(
    state: State, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With --check a script can decide; without it, a run that was made is a success."""
    monkeypatch.setattr(api, "judge", lambda *_: Verdict(state, ("A reason.",)))
    checked = command("run", *ONE_CALL, "--check")
    assert checked.returncode == CODES[state]
    assert f"Verdict: {state}. A reason." in checked.stdout
    assert checked.stderr == ""
    assert command("run", *ONE_CALL).returncode == 0
