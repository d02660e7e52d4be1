"""The command line: what each option does, and what a person hears who got one wrong."""

import csv
import errno
import fcntl
import json
import os
import pty
import re
import shutil
import stat
import struct
import subprocess
import sys
import sysconfig
import termios
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, get_args
from xml.etree import ElementTree

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from gil_demo.cli import run_command_line
from gil_demo.cli.options import elements, thread_counts
from gil_demo.host import machine
from gil_demo.measuring import measure as measure_module
from gil_demo.report.document import schema
from gil_demo.results.run import RunResult, Verdict
from gil_demo.words import State

Command = Callable[..., CompletedProcess[str]]

ONE_CALL = ("--section", "responsiveness", "--rounds", "1", "--threads", "1")
"""As little of a run as there is: the ticker alone and beside two calls."""

MEASURED = ("--section", "picture", "--section", "scaling", "--section", "responsiveness")


@pytest.fixture
def canned(made: RunResult, monkeypatch: pytest.MonkeyPatch) -> RunResult:
    """A run takes no time and always has the same figures."""
    monkeypatch.setattr("gil_demo.api.measure", lambda *_, **__: made)
    monkeypatch.setattr("gil_demo.api._patterns_once", lambda _: made.patterns)
    return made


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


# Bad input: one line on standard error, exit code 2, and nothing left behind


def assert_refused(ended: CompletedProcess[str], *words: str) -> None:
    """One line that begins with the program's name, and nothing else anywhere."""
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert re.fullmatch(r"gil-demo: [^\n]+\n", ended.stderr), ended.stderr
    assert "Traceback" not in ended.stderr
    for word in words:
        assert word in ended.stderr


SIZES = [
    "0",
    "-1",
    "1e30",
    "abc",
    "",
    " ",
    "1.5",
    "nan",
    "inf",
    "0x10",
    "1,000",
    "20MM",
    "M",
    "9" * 99,
]


@pytest.mark.parametrize("size", SIZES)
def test_an_invalid_size_is_refused(size: str, command: Command) -> None:
    """Sizes are whole numbers from 1, as in 500k or 20M; anything else is told so."""
    assert_refused(command("run", "--size", size), "--size", "500k or 20M")


THREADS = ["0", "-1", "10000", "1,,2", "", ",", "1,0", "two", "1.5", "257", "²", "9" * 99]


@pytest.mark.parametrize("threads", THREADS)
def test_threads_that_cannot_be_are_refused(threads: str, command: Command) -> None:
    """Numbers of threads are from 1 to 256, separated by commas; anything else is told so."""
    assert_refused(command("run", "--threads", threads), "--threads", "1 to 256", "1,2,4")


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--kernel", "product"],
        ["run", "--section", "weather"],
        ["run", "--rounds", "0"],
        ["run", "--rounds", "many"],
        ["run", "--seed", "-1"],
        ["run", "--frobnicate"],
        ["run", "--size"],
        ["run", "surplus"],
        ["doctor", "surplus"],
        ["rum"],
        ["--frobnicate"],
    ],
    ids=" ".join,
)
def test_what_is_not_understood_is_refused(arguments: list[str], command: Command) -> None:
    """Unknown commands, options and values are named in the one line."""
    assert_refused(command(*arguments), arguments[-1])


def test_a_size_and_a_file_exclude_each_other(here: Path, command: Command) -> None:
    """A file has a size of its own."""
    np.save("mine.npy", np.ones(3))
    assert_refused(command("run", "--size", "3", "--input", "mine.npy"), "--size", "--input")


def test_more_than_is_free_is_refused_before_allocating(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An array larger than free memory is refused with both figures, and never made."""
    monkeypatch.setattr(np.random, "default_rng", lambda *_: pytest.fail("made it"))
    free = machine.available_bytes()
    assert free is not None
    assert_refused(command("run", "--size", str(free)), "GB are free", "smaller --size")
    assert_refused(command("run", "--size", "999999999G"), "GB are free", "smaller --size")


@pytest.mark.parametrize("threads", ["2", "1,4"])
def test_more_writing_threads_than_elements_are_refused(threads: str, command: Command) -> None:
    """Threads that write need an element each."""
    ended = command("run", "--kernel", "scale", "--size", "1", "--threads", threads)
    assert_refused(ended, "fewer threads or more elements")


class Planting:
    """Unpickling one of these leaves a folder behind."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("planted",)


def truncated(path: Path) -> None:
    np.save(path, np.ones(1000))
    path.write_bytes(path.read_bytes()[:-1])


def archive(path: Path) -> None:
    with path.open("wb") as file:
        np.savez(file, one=np.ones(3), two=np.ones(3))


def array(content: Any) -> Callable[[Path], None]:
    return lambda path: np.save(path, content, allow_pickle=True)


INPUTS: dict[str, tuple[Callable[[Path], None], str]] = {
    "missing": (lambda path: None, "does not exist"),
    "a folder": (lambda path: path.mkdir(), "is a folder"),
    "truncated": (truncated, "not a usable .npy file"),
    "an archive": (archive, "not a usable .npy file"),
    "text": (lambda path: np.savetxt(path, np.ones(3)), "not a usable .npy file"),
    "nothing": (lambda path: path.touch(), "not a usable .npy file"),
    "objects": (array(np.array([Planting()], dtype=object)), "Python objects"),
    "empty": (array(np.ones(0)), "empty array"),
    "0-d": (array(np.float64(1)), "0-d array"),
    "complex": (array(np.ones(3, complex)), "complex128"),
    "strings": (array(np.array(["one", "two"])), "<U3"),
    "dates": (array(np.array(["2000-01-01"], "M8[D]")), "datetime64"),
}


@pytest.mark.parametrize(("make", "problem"), INPUTS.values(), ids=INPUTS)
def test_a_file_that_is_no_use_is_refused(
    make: Callable[[Path], None], problem: str, here: Path, command: Command
) -> None:
    """The one line names the file and what is wrong with it; nothing in it is ever run."""
    make(here / "mine.npy")
    assert_refused(command("run", "--input", "mine.npy"), "mine.npy", problem)
    assert not (here / "planted").exists()


FILES = ["--csv", "--svg", "--html", "--trace"]


@pytest.mark.parametrize("option", FILES)
@pytest.mark.parametrize("path", ["missing/file", ".", os.devnull, "/dev/full"])
def test_a_place_that_cannot_be_written_is_refused_before_measuring(
    option: str, path: str, here: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Missing folders, folders and devices: told at once, not after all the work."""
    monkeypatch.setattr("gil_demo.api.measure", lambda *_, **__: pytest.fail("measured"))
    assert_refused(command("run", option, path), "is not a f")
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("option", ["--svg", "--html"])
@pytest.mark.parametrize("arguments", [["show", "lost-update"], ["try", "lost-update"]])
def test_a_picture_that_cannot_be_written_is_refused_before_trying(
    arguments: list[str],
    option: str,
    here: Path,
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """For a page and for patterns, too: told at once, nothing run, nothing shown."""
    monkeypatch.setattr("gil_demo.sandbox.rows.try_patterns", lambda *_, **__: pytest.fail("tried"))
    assert_refused(command(*arguments, option, "missing/file"), "missing is not a folder")
    assert list(here.iterdir()) == []


@pytest.mark.usefixtures("canned")
@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--csv", "one", "--trace", "./one"],
        ["run", "--svg", "one", "--html", "link"],
        ["run", "--input", "one", "--svg", "one"],
        ["show", "lost-update", "--svg", "one", "--html", "one"],
        ["try", "lost-update", "--svg", "one", "--html", "one"],
    ],
    ids=" ".join,
)
def test_a_file_has_one_option(arguments: list[str], here: Path, command: Command) -> None:
    """Two options that name one file, however they spell it, are named, and it is left alone."""
    Path("one").write_text("before")
    Path("link").symlink_to("one")
    options = [word for word in arguments if word.startswith("--")]
    assert_refused(command(*arguments), *options, "name the same file")
    assert Path("one").read_text() == "before"
    assert len(list(here.iterdir())) == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--json", "--markdown"],
        ["list", "--json", "--markdown"],
        ["try", "--all", "--json", "--markdown"],
        ["show", "lost-update", "--c", "--markdown"],
        ["show", "lost-update", "--diff", "--markdown"],
        ["show", "lost-update", "--c", "--diff"],
    ],
    ids=" ".join,
)
def test_a_command_prints_one_thing(arguments: list[str], command: Command) -> None:
    """Options that each say what is printed, and nothing else, exclude each other."""
    one, other = arguments[-2:]
    assert_refused(command(*arguments), f"{one} and {other} exclude each other")


def test_a_trace_of_nothing_is_refused(here: Path, command: Command) -> None:
    """Sections without races have no trace; the line says which have."""
    refused = command("run", "--section", "responsiveness", "--trace", "trace.json")
    assert_refused(refused, "--trace", "--section picture", "--section scaling")
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [["run", "--size", "0"], ["run", "--threads", "1,,2"], ["run", "--input", "no.npy"], ["rum"]],
    ids=" ".join,
)
def test_the_program_itself_refuses_in_one_line(arguments: list[str], process: Command) -> None:
    """The same from a shell: exit code 2, one line, no traceback."""
    assert_refused(process(*arguments))


@pytest.mark.usefixtures("canned")
@pytest.mark.parametrize("option", FILES)
def test_a_full_disk_leaves_the_old_file_whole(
    option: str, here: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the new file does not fit, the old one is still there, and one line says why."""
    Path("old").write_text("before")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    ended = command("run", option, "old")
    assert ended.returncode == 2
    assert re.fullmatch(r"gil-demo: [^\n]*No space left on device\n", ended.stderr)
    assert Path("old").read_text() == "before"
    assert list(here.iterdir()) == [here / "old"]


# Numbers


@pytest.mark.parametrize(
    ("text", "size"),
    [("1", 1), ("500k", 500_000), ("20M", 20_000_000), ("20m", 20_000_000), (" 2G ", 2 * 10**9)],
)
def test_sizes_may_be_written_short(text: str, size: int) -> None:
    """k, M and G, large or small, are thousands, millions and billions."""
    assert elements(text) == size


@pytest.mark.parametrize(
    ("text", "threads"), [("1", (1,)), ("1,2,4", (1, 2, 4)), (" 4 , 2", (4, 2)), ("256", (256,))]
)
def test_threads_are_numbers_with_commas(text: str, threads: tuple[int, ...]) -> None:
    """One number or several, with or without spaces."""
    assert thread_counts(text) == threads


# What a run prints


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
    marks = {"picture": "GIL held:", "scaling": "Scaling:", "responsiveness": "Responsiveness:"}
    ended = command("run", "--rounds", "1", "--section", section)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert [name for name, mark in marks.items() if mark in ended.stdout] == [section]
    assert "Verdict: " in ended.stdout


def test_sections_may_be_combined(command: Command) -> None:
    """The option may be given again for another section."""
    ended = command("run", "--rounds", "1", "--section", "picture", "--section", "scaling")
    assert "GIL held:" in ended.stdout
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


# JSON


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


# Files


@pytest.mark.usefixtures("here")
def test_csv_is_a_table_of_the_figures(command: Command, canned: RunResult) -> None:
    """The file holds the figures that the screen shows, for any program that reads CSV."""
    ended = command("run", "--csv", "figures.csv")
    assert (ended.returncode, ended.stderr) == (0, "")
    with Path("figures.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    (ticks,) = (
        line for line in lines if (line["gil"], line["quantity"]) == ("released", "ticks_inside")
    )
    assert int(ticks["low"]) == canned.responsiveness[2].ticks_inside
    assert "Verdict: shown." in ended.stdout


SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.usefixtures("canned", "here")
def test_svg_is_the_screen_as_a_file_that_needs_no_network(command: Command) -> None:
    """The picture is well-formed, holds the verdict as text, and refers to nothing outside."""
    assert command("run", "--svg", "picture.svg").returncode == 0
    text = Path("picture.svg").read_text("utf-8")
    root = ElementTree.fromstring(text)
    assert root.tag == f"{SVG}svg"
    words = " ".join("".join(node.itertext()) for node in root.iter(f"{SVG}text"))
    assert "shown." in words.replace("\xa0", " ")
    assert "thread" in words
    assert re.findall(r"\w+=\"https?:[^\"]*\"", text) == ['xmlns="http://www.w3.org/2000/svg"']
    assert len(re.findall("https?:", text)) == 1
    assert "@import" not in text
    assert "url(" not in text.replace("url(#", "")


@pytest.mark.usefixtures("canned", "here")
def test_html_is_the_screen_as_a_page(command: Command) -> None:
    """The page holds the picture and the verdict as text."""
    ended = command("run", "--html", "picture.html")
    assert (ended.returncode, ended.stderr) == (0, "")
    page = Path("picture.html").read_text("utf-8")
    assert page.startswith("<!doctype html>")
    assert "<title>gil-demo run</title>" in page
    assert "thread 1  " in page
    assert "Verdict: shown." in page


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("arguments", "title", "word"),
    [
        (["show", "lost-update"], "gil-demo show lost-update", "Py_BEGIN_ALLOW_THREADS"),
        (["show", "gilexample"], "gil-demo show gilexample", "PyInit_gilexample"),
        (["show", "lost-update", "--diff"], "gil-demo show lost-update", "Mechanism"),
        (["try", "lost-update"], "gil-demo try lost-update", "as it should be"),
        (["try", "lost-update", "--json"], "gil-demo try lost-update", "as it should be"),
    ],
)
def test_pages_and_patterns_are_pictures_too(
    arguments: list[str], title: str, word: str, command: Command
) -> None:
    """`show` and `try` write what they show, whatever is printed, and say what was typed."""
    printed = command(*arguments)
    ended = command(*arguments, "--svg", "one.svg", "--html", "one.html")
    assert (ended.returncode, ended.stderr) == (0, "")
    if arguments[0] == "show":
        assert ended.stdout == printed.stdout
    for file in (Path("one.svg"), Path("one.html")):
        text = file.read_text("utf-8")
        assert f"<title>{title}</title>" in text
        assert word in text


@pytest.mark.usefixtures("canned", "here")
@pytest.mark.parametrize("option", ["--svg", "--html"])
def test_a_picture_can_be_light_or_dark(option: str, command: Command) -> None:
    """Three themes, three files; without a choice the reader's own decides."""
    for theme in ("auto", "light", "dark"):
        assert command("run", option, theme, "--theme", theme).returncode == 0
    command("run", option, "default")
    texts = {name: Path(name).read_text("utf-8") for name in ("auto", "light", "dark", "default")}
    assert texts["default"] == texts["auto"]
    assert len(set(texts.values())) == 3
    assert [name for name in texts if "prefers-color-scheme" in texts[name]] == ["auto", "default"]


@pytest.mark.usefixtures("canned", "here")
def test_a_trace_is_written_beside_what_is_shown(command: Command) -> None:
    """One JSON object with the events that Perfetto opens."""
    ended = command("run", "--trace", "trace.json")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "Verdict: shown." in ended.stdout
    events = json.loads(Path("trace.json").read_text())["traceEvents"]
    assert {"in C", "ticking", "stall"} <= {event["name"] for event in events}


def test_a_real_run_can_be_traced(here: Path, command: Command) -> None:
    """Held, released and native races have their processes, and the picture's a ticker."""
    arguments = ["run", "--rounds", "1", "--section", "picture", "--section", "scaling"]
    assert command(*arguments, "--trace", "trace.json").returncode == 0
    events = json.loads((here / "trace.json").read_text())["traceEvents"]
    names = {event["args"].get("name") for event in events}
    assert {"GIL held", "GIL released", "native threads, no Python", "ticker"} <= names


@pytest.mark.usefixtures("canned")
@pytest.mark.parametrize(
    ("arguments", "begins"),
    [
        (["run"], "CPython 3.13.0, GIL on"),
        (["list"], "**The block**"),
        (["show", "lost-update"], "## lost-update"),
        (["show", "gilexample"], "## gilexample"),
        (["try", "lost-update"], "**lost-update** "),
    ],
)
def test_markdown_is_all_that_is_printed(
    arguments: list[str], begins: str, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither wrapped to the terminal nor coloured, with one end of line at the end."""
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("FORCE_COLOR", "1")
    ended = command(*arguments, "--markdown")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith(begins)
    assert "\x1b" not in ended.stdout
    assert re.search(r"[^\n]\n\Z", ended.stdout)
    assert max(map(len, ended.stdout.splitlines())) > 60


@pytest.mark.usefixtures("canned", "here")
def test_the_svg_does_not_depend_on_the_terminal(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However narrow, colourless or limited the terminal, the exported picture is the same."""
    command("run", "--svg", "one.svg")
    for name, value in {"COLUMNS": "40", "NO_COLOR": "1", "TERM": "dumb", "LC_ALL": "C"}.items():
        monkeypatch.setenv(name, value)
    command("run", "--svg", "two.svg")
    assert Path("one.svg").read_text("utf-8") == Path("two.svg").read_text("utf-8")


@pytest.mark.usefixtures("canned", "here")
@pytest.mark.parametrize("name", ["\x1b[31mred.npy", "line\nbreak.npy", "\udcff.npy"])
def test_a_file_may_have_any_name(
    name: str, command: Command, made: RunResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a file is called: no control characters on the screen, and a picture as ever."""
    np.save("mine.npy", np.ones(10))
    Path("mine.npy").rename(name)
    monkeypatch.setattr(
        "gil_demo.api.measure", lambda *_, notes, **__: replace(made, notes=tuple(notes))
    )
    ended = command("run", "--input", name, "--svg", "picture.svg")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "\x1b" not in ended.stdout
    ElementTree.fromstring(Path("picture.svg").read_text("utf-8"))


# One's own array


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


# The verdict as an exit code


CODES: dict[State, int] = {"shown": 0, "contradicted": 1, "inconclusive": 3}


@pytest.mark.parametrize("state", get_args(State))
def test_check_says_the_verdict_with_the_exit_code(
    state: State, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With --check a script can decide; without it, a run that was made is a success."""
    monkeypatch.setattr(measure_module, "judge", lambda *_: Verdict(state, ("A reason.",)))
    checked = command("run", *ONE_CALL, "--check")
    assert checked.returncode == CODES[state]
    assert f"Verdict: {state}. A reason." in checked.stdout
    assert checked.stderr == ""
    assert command("run", *ONE_CALL).returncode == 0


# Pipes, terminals, colours, widths, encodings


def controls(text: str) -> set[str]:
    """The control characters in a text."""
    return set(re.findall(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text))


def test_piped_output_has_no_control_characters(process: Command) -> None:
    """What goes into a file or another program is text, and progress is not in it."""
    ended = process("run", "--rounds", "1", "--threads", "2", *MEASURED)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert controls(ended.stdout) == set()
    assert "█" in ended.stdout


@pytest.mark.usefixtures("canned")
@pytest.mark.parametrize("columns", [40, 80, 200])
def test_no_line_is_longer_than_the_screen(
    columns: int, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At 40, 80 and 200 columns everything fits, and the wide screen is used."""
    monkeypatch.setenv("COLUMNS", str(columns))
    longest = max(len(line) for line in command("run").stdout.splitlines())
    assert columns * 0.75 < longest <= columns
    longest = max(len(line) for line in command("doctor").stdout.splitlines())
    assert longest <= columns


COLOUR = re.compile(r"\x1b\[(?:\d+;)*(?:3\d|4\d|9\d|10\d)(?:;\d+)*m")


@pytest.mark.usefixtures("canned")
def test_colour_can_be_forced_and_forbidden(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FORCE_COLOR colours a pipe, NO_COLOR has the last word, and an empty one says nothing."""
    assert not COLOUR.search(command("run").stdout)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert COLOUR.search(command("run").stdout)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not COLOUR.search(command("run").stdout)
    monkeypatch.setenv("NO_COLOR", "")
    assert COLOUR.search(command("run").stdout)


def on_a_terminal(columns: int, *arguments: str, **environment: str) -> tuple[str, str]:
    """What a terminal of that width gets on standard output and on standard error."""
    terminals = [pty.openpty(), pty.openpty()]
    for _, inside in terminals:
        fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    running = subprocess.Popen(
        [sys.executable, "-m", "gil_demo", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=terminals[0][1],
        stderr=terminals[1][1],
        env={**os.environ, **environment},
    )
    for _, inside in terminals:
        os.close(inside)
    with ThreadPoolExecutor(2) as readers:
        out, err = readers.map(read_to_the_end, [outside for outside, _ in terminals])
    assert running.wait(timeout=120) == 0
    return out, err


def read_to_the_end(terminal: int) -> str:
    """All that is written to a terminal until nobody has it open any more."""
    pieces = []
    with suppress(OSError):  # how Linux says that the other side is closed
        while piece := os.read(terminal, 4096):
            pieces.append(piece)
    os.close(terminal)
    return b"".join(pieces).decode()


def test_a_terminal_gets_colour_and_a_progress_line() -> None:
    """On a terminal the modes are coloured, and while it measures a line says how far it is."""
    out, err = on_a_terminal(60, "run", *ONE_CALL)
    assert COLOUR.search(out)
    assert "Measuring" in err
    assert "Measuring" not in out
    plain = re.sub(r"\x1b\[[\d;]*m", "", out).splitlines()
    assert max(len(line) for line in plain) <= 60


def test_a_terminal_with_no_color_gets_none() -> None:
    """With NO_COLOR a terminal gets its width and its progress line, but no colour."""
    out, err = on_a_terminal(60, "run", *ONE_CALL, NO_COLOR="1")
    assert not COLOUR.search(out + err)
    assert "Measuring" in err


@pytest.mark.parametrize("columns", [40, 120])
def test_a_dumb_terminal_gets_plain_text_of_its_width(columns: int) -> None:
    """TERM=dumb gets no control characters and no progress line, and keeps its width."""
    out, err = on_a_terminal(columns, "run", *ONE_CALL, TERM="dumb")
    assert err == ""
    assert controls(out) == {"\r"}  # the terminal's own: it ends lines with \r\n
    assert columns * 0.6 < max(len(line) for line in out.splitlines()) <= columns


@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "C"},
        {"LANG": "POSIX"},
        {"PYTHONIOENCODING": "ascii"},
    ],
    ids=str,
)
def test_who_asks_for_ascii_gets_ascii(environment: dict[str, str], process: Command) -> None:
    """Where only ASCII is understood, pictures and tables are drawn with ASCII alone."""
    sections = ("--section", "picture", "--section", "responsiveness")
    ended = process("run", "--rounds", "1", *sections, **environment)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.isascii()
    assert "?" not in ended.stdout
    assert "thread 1  " in ended.stdout
    assert "###" in ended.stdout


# Help, version, and the two names of the program


def test_help_explains_every_option(command: Command) -> None:
    """-h and --help are one, and name each option with a sentence on it."""
    ended = command("run", "-h")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert command("run", "--help").stdout == ended.stdout
    for option in (
        *("--kernel", "--size", "--input", "--threads", "--rounds", "--quick", "--seed"),
        *("--section", "--json", "--markdown", "--csv", "--svg", "--html", "--theme"),
        *("--trace", "--check"),
    ):
        assert option in ended.stdout
    assert "Usage: gil-demo run" in ended.stdout


def test_without_a_command_there_is_help(command: Command) -> None:
    """Who types only the program's name learns what there is, and where to start."""
    ended = command()
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == command("--help").stdout == command("-h").stdout
    assert "Start with 'gil-demo run'" in ended.stdout


def test_the_version_is_that_of_the_package(command: Command) -> None:
    """One line: the program and its version."""
    assert command("--version").stdout == f"gil-demo {version('gil-demo')}\n"


def script() -> str:
    """Where the command is installed."""
    path = Path(sysconfig.get_path("scripts")) / "gil-demo"
    assert path.stat().st_mode & stat.S_IXUSR
    return str(path)


@pytest.mark.parametrize("arguments", [["run", "--help"], ["rum"]], ids=" ".join)
def test_both_names_are_one_program(arguments: list[str], process: Command) -> None:
    """`gil-demo` and `python -m gil_demo` say the same, and call themselves gil-demo."""
    as_module = process(*arguments)
    as_script = subprocess.run(
        [script(), *arguments], capture_output=True, text=True, check=False, timeout=120
    )
    assert (as_script.stdout, as_script.stderr) == (as_module.stdout, as_module.stderr)
    assert as_script.returncode == as_module.returncode
    assert "gil-demo" in as_module.stdout + as_module.stderr


# Shell completion


@pytest.fixture
def answer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """What the program answers a shell that asks through environment variables."""

    def ask(**question: str) -> str:
        for name, value in question.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SystemExit) as end:
            run_command_line([])
        assert end.value.code == 0
        out, err = capsys.readouterr()
        assert err == ""
        return out

    return ask


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_can_be_had_for_each_shell(shell: str, answer: Callable[..., str]) -> None:
    """What the documentation tells people to put into their shell's settings is a script."""
    text = answer(_GIL_DEMO_COMPLETE=f"{shell}_source")
    assert f"_GIL_DEMO_COMPLETE={shell}_complete" in text
    assert re.search(r"\bgil-demo\b", text)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize(
    ("typed", "begun", "offered"),
    [
        ("gil-demo ", "r", {"run"}),
        ("gil-demo run --kernel ", "su", {"sum", "sum_wide"}),
        ("gil-demo run ", "--s", {"--seed", "--section", "--size", "--svg"}),
    ],
)
def test_commands_options_and_values_are_completed(
    shell: str, typed: str, begun: str, offered: set[str], answer: Callable[..., str]
) -> None:
    """What a shell asks while a person types is answered with what can follow."""
    place = begun if shell == "fish" else str(len(typed.split()))
    text = answer(
        _GIL_DEMO_COMPLETE=f"{shell}_complete", COMP_WORDS=typed + begun, COMP_CWORD=place
    )
    found = set(re.findall(r"(?:^|,)(--\w+|[a-z_]+)(?=$|\t)", text, flags=re.MULTILINE))
    assert found - {"plain", "_"} == offered


def test_completion_works_in_a_real_shell(tmp_path: Path) -> None:
    """In bash, with the line of the documentation, `gil-demo ru` becomes `gil-demo run`."""
    bash = shutil.which("bash")
    assert bash is not None
    lines = """
        eval "$(_GIL_DEMO_COMPLETE=bash_source gil-demo)"
        COMP_WORDS=(gil-demo ru) COMP_CWORD=1
        _gil_demo_completion gil-demo
        echo "${COMPREPLY[@]}"
    """
    ended = subprocess.run(
        [bash, "--norc", "-c", lines],
        env={**os.environ, "PATH": f"{Path(script()).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (ended.stdout, ended.stderr) == ("run\n", "")
