"""Bad input gets one line on standard error and exit code 2, and leaves nothing behind."""

import errno
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import Command, assert_refused

from gil_demo.host import machine

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


@pytest.mark.parametrize("number", ["1_0", "٣", "1.0", "x", ""])
def test_a_number_is_written_in_plain_digits(number: str, command: Command) -> None:
    """Python's own underscores and other scripts' digits are refused, as for sizes."""
    assert_refused(command("run", "--rounds", number), "--rounds", "whole number")
    assert_refused(command("run", "--seed", number), "--seed", "whole number")


@pytest.mark.parametrize(
    "arguments",
    [("probe", "--file"), ("run", "--from"), ("tour", "--from"), ("check", ".", "--baseline")],
    ids=" ".join,
)
def test_a_file_without_an_end_is_refused(arguments: tuple[str, ...], command: Command) -> None:
    """A device that gives zeros for ever keeps nobody waiting."""
    assert_refused(command(*arguments, "/dev/zero"), "/dev/zero", "too large")


def test_nothing_raw_of_an_argument_reaches_the_terminal(command: Command) -> None:
    """Not even where click itself quotes it."""
    refused = command("run", "b\x1b]0;title\x07")
    assert_refused(refused, "b\\x1b]0;title\\x07")
    assert "\x1b" not in refused.stderr


@pytest.mark.parametrize("threads", ["-1", "1,,2", "", ",", "two", "1.5", "²", "9" * 99])
def test_threads_that_are_no_numbers_are_refused(threads: str, command: Command) -> None:
    """Numbers of threads are separated by commas; the line says which option and how."""
    assert_refused(command("run", "--threads", threads), "--threads", "1,2,4")


@pytest.mark.parametrize("threads", ["0", "1,0", "257", "10000"])
def test_too_many_or_too_few_threads_are_refused(threads: str, command: Command) -> None:
    """The line names both limits."""
    assert_refused(command("run", "--threads", threads), "threads must be from 1 to 256", "1,2,4")


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
