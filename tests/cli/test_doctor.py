"""The doctor imports modules, each in a process of its own, and says how that went."""

import io
import json
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from command_line import Command, assert_refused
from jsonschema import Draft202012Validator
from rich.console import Console

from gil_demo.host.doctor import examine
from gil_demo.host.machine import free_threaded
from gil_demo.report.doctor import doctor_table, import_told
from gil_demo.report.document import schema
from gil_demo.results.host import Import
from gil_demo.results.run import RunResult
from gil_demo.sandbox import import_child
from gil_demo.sandbox.imports import import_alone

MODULES = {
    "plain": "print('a line of its own')",
    "broken": "1 / 0",
    "two_lines": "raise ValueError('one\\ntwo')",
    "bad_syntax": "def",
    "crashing": "import ctypes; ctypes.string_at(0)",
    "aborting": "import os; os.abort()",
    "leaving": "import os; os._exit(7)",
    "exiting": "raise SystemExit(7)",
    "interrupting": "raise KeyboardInterrupt",
    "asking": "input()",
}
"""Modules and their text."""


@pytest.fixture
def modules(here: Path) -> Path:
    """A folder to work in that has the modules."""
    for name, text in MODULES.items():
        (here / f"{name}.py").write_text(text)
    return here


ENDS = {
    "plain": "imported",
    "broken": "not imported: ZeroDivisionError: division by zero",
    "two_lines": r"not imported: ValueError: one\ntwo",
    "bad_syntax": "not imported: SyntaxError: ",
    "crashing": "not imported: SIGSEGV ended the process",
    "aborting": "not imported: SIGABRT ended the process",
    "leaving": "not imported: the process ended with exit code 7",
    "exiting": "not imported: SystemExit: 7",
    "interrupting": "not imported: KeyboardInterrupt",
    "asking": "not imported: EOFError: ",
    "missing": "not imported: ModuleNotFoundError: No module named 'missing'",
    "missing.part": "not imported: ModuleNotFoundError: No module named 'missing'",
}
"""The end of each import, as a line tells it."""


@pytest.mark.parametrize("name", ENDS)
def test_the_end_of_an_import_is_told(name: str, modules: Path) -> None:
    """A module that raises, crashes, leaves or is not there ends its own process only."""
    told = import_told(import_alone(name), free_threaded=False)
    assert told.startswith(ENDS[name])
    assert "\n" not in told


def test_an_import_that_does_not_end_is_stopped(here: Path) -> None:
    """After the limit its process is killed, and so is a process that it started."""
    (here / "endless.py").write_text(
        "import subprocess, sys, pathlib, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "pathlib.Path('pid').write_text(str(child.pid))\n"
        "time.sleep(600)\n"
    )
    one = import_alone("endless", limit_seconds=3)
    assert one == Import("endless", "unfinished", turned_gil_on=False)
    pid = here / "pid"
    if pid.exists():  # a busy machine may have stopped it before
        with suppress(OSError):  # it was killed: it ends, or this test does not
            while Path("/proc", pid.read_text(), "stat").read_text().rpartition(") ")[2][0] != "Z":
                time.sleep(0.01)


def test_the_doctor_lists_the_modules(modules: Path, command: Command) -> None:
    """A line each, below the advice, without what they print; exit code 1 for a bad import."""
    ended = command("doctor", "json", "plain", "crashing")
    assert (ended.returncode, ended.stderr) == (1, "")
    assert "a line of its own" not in ended.stdout
    lines = ended.stdout.splitlines()
    (heading,) = [n for n, line in enumerate(lines) if line.startswith("Each module, imported")]
    assert [line.split()[0] for line in lines[heading + 1 : heading + 4]] == [
        "json",
        "plain",
        "crashing",
    ]


def test_good_imports_are_no_reason_to_fail(modules: Path, command: Command) -> None:
    """Exit code 0, and with a GIL one line says that no module can turn it on."""
    ended = command("doctor", "json", "plain")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ("always has a GIL" in ended.stdout) is not free_threaded()


def test_the_document_has_the_imports(modules: Path, command: Command) -> None:
    """Each with its end, in fields; the document keeps its schema."""
    ended = command("doctor", "plain", "leaving", "broken", "crashing", "--json")
    assert (ended.returncode, ended.stderr) == (1, "")
    document = json.loads(ended.stdout)
    Draft202012Validator(schema("doctor")).validate(document)
    ends = [one["ended"] for one in document["imports"]]
    assert ends == ["imported", "left", "raised", "died"]
    assert [one["exit_code"] for one in document["imports"]] == [None, 7, None, None]


@pytest.mark.parametrize("name", ["no-module", "", "two words", "a..b", ".relative", "plain.py"])
def test_what_is_no_name_of_a_module_is_refused(name: str, modules: Path, command: Command) -> None:
    """A file, an option of another program, a relative name: nothing is imported."""
    assert_refused(command("doctor", name), repr(name), "import package.module")


@pytest.mark.parametrize(
    ("one", "told"),
    [
        (Import("a", "imported", turned_gil_on=False), "it did not turn the GIL on"),
        (Import("a", "imported", turned_gil_on=True), "it turned the GIL on in its process"),
        (Import("a", "imported", True, "a"), "it turned the GIL on in its process"),
        (Import("a", "imported", True, "a.b"), "it turned the GIL on in its process, to load a.b"),
    ],
)
def test_the_line_names_the_module_that_turned_the_gil_on(one: Import, told: str) -> None:
    """It may be one that the module imports."""
    assert import_told(one, free_threaded=True) == f"imported; {told}"
    assert one.good is not one.turned_gil_on


def test_a_failed_import_says_of_the_gil_only_that_it_was_turned_on() -> None:
    """A GIL that stayed off would read like a success, and the module was never tried."""
    failed = Import("a", "raised", turned_gil_on=False, error="OSError: gone")
    assert import_told(failed, free_threaded=True) == "not imported: OSError: gone"
    told = import_told(replace(failed, turned_gil_on=True), free_threaded=True)
    assert told == "not imported: OSError: gone; it turned the GIL on in its process"


@pytest.mark.parametrize("without", [False, True])
def test_the_heading_says_that_python_gil_is_not_set_there(without: bool, made: RunResult) -> None:
    """The table above may say that the GIL is off: PYTHON_GIL can be set in this process."""
    environment = replace(made.environment, free_threaded=without)
    one = Import("a", "imported", turned_gil_on=False)
    file = io.StringIO()
    Console(file=file, width=100, color_system=None).print(
        doctor_table(replace(examine(), environment=environment, imports=(one,)))
    )
    told = file.getvalue()
    assert "imported in a process of its own" in told
    assert ("where PYTHON_GIL is not set" in told) is without


def test_a_module_that_is_not_found_brings_the_places_that_were_searched(
    modules: Path, command: Command
) -> None:
    """And one that is found, but fails, does not."""
    missing, broken = (
        " ".join(command("doctor", name).stdout.split()) for name in ("missing", "broken")
    )
    assert "in the current folder, in the folders of PYTHONPATH" in missing
    assert "PYTHONPATH" not in broken


WARNS = """
import sys, warnings
sys._is_gil_enabled = lambda: True
warnings.warn(
    "The global interpreter lock (GIL) has been enabled to load module 'other.one', which has"
    " not declared that it can run safely without the GIL.", RuntimeWarning)
"""
"""A module that does what the interpreter does when it turns the GIL on."""


@pytest.mark.parametrize("switch", [{}, {"PYTHONWARNINGS": "error"}, {"PYTHONWARNINGS": "ignore"}])
def test_the_module_is_read_from_the_interpreters_warning(
    switch: dict[str, str], here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is asked to become of warnings."""
    (here / "warning.py").write_text(WARNS)
    (here / "sitecustomize.py").write_text("import sys; sys._is_gil_enabled = lambda: False")
    monkeypatch.setenv("PYTHONPATH", str(here))
    for name, value in switch.items():
        monkeypatch.setenv(name, value)
    one = import_alone("warning")
    assert one == Import("warning", "imported", turned_gil_on=True, turned_on_by="other.one")


def test_the_pattern_finds_the_name_in_the_warning_of_cpython() -> None:
    """The text is CPython's, from Python/import.c."""
    text = (
        "The global interpreter lock (GIL) has been enabled to load module 'a.b', which has not"
        " declared that it can run safely without the GIL. To override this behavior and keep"
        " the GIL disabled (at your own risk), run with PYTHON_GIL=0 or -Xgil=0."
    )
    found = import_child.NAMED.search(text)
    assert found is not None
    assert found[1] == "a.b"


@pytest.mark.parametrize("setting", [None, "0", "1"])
def test_gilexample_turns_the_gil_on_where_it_was_off(
    setting: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its one-phase module declares nothing, whatever PYTHON_GIL says here."""
    monkeypatch.delenv("PYTHON_GIL", raising=False)
    if setting is not None:
        monkeypatch.setenv("PYTHON_GIL", setting)
    name, turned_on = "gil_demo.gilexample", free_threaded()
    assert import_alone(name) == Import(name, "imported", turned_on, name if turned_on else None)
    assert import_alone("gil_demo._held").good
