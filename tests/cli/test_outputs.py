"""The forms of a result: files, pictures and Markdown."""

import csv
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from command_line import Command

from gil_demo.results.run import RunResult


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
    ended = command("run", "--input", name, "--svg", "picture.svg")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "\x1b" not in ended.stdout
    ElementTree.fromstring(Path("picture.svg").read_text("utf-8"))
