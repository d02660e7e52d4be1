"""What `gil-demo check` says before it parses anything, so also where the parser is missing."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from checking import TOP
from command_line import Command

from gil_demo.check import grammar
from gil_demo.host import machine


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[tool.gil-demo.check]\nlevels = 1\n", "has no setting 'levels'"),
        ("[tool.gil-demo.check]\nlevel = 'loud'\n", "level must be one of"),
        ("[tool.gil-demo.check]\nignore = 'x'\n", "must be a list of strings"),
        ("[tool", "is not TOML"),
    ],
)
def test_a_wrong_setting_is_refused(
    command: Command, file: Path, text: str, complaint: str
) -> None:
    """In one line that says what is right."""
    Path("pyproject.toml").write_text(text)
    done = command("check", "one.c")
    assert (done.returncode, complaint in done.stderr) == (2, True)


def test_a_folder_that_cannot_be_read_is_said(
    command: Command, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its files are missing from the result, and nothing else would tell."""
    Path("closed").mkdir()
    iterdir = Path.iterdir

    def refusing(path: Path) -> Iterator[Path]:
        if path.name == "closed":
            raise PermissionError(13, "Permission denied")
        return iterdir(path)

    monkeypatch.setattr(Path, "iterdir", refusing)
    file.write_text("int a;\n")
    done = command("check", ".")
    assert done.stderr == "gil-demo: closed cannot be read: Permission denied\n"
    assert done.returncode == 2


def test_excluded_files_are_not_read(command: Command, file: Path) -> None:
    """By their names or paths."""
    Path("sound.c").write_text("int a;\n")
    done = command("check", "--exclude", "one.*", ".")
    assert (done.returncode, "in 1 file" in done.stdout) == (0, True)


def test_a_rule_explains_itself(command: Command) -> None:
    """With C that it flags and C that it does not."""
    done = command("check", "--explain", "nested-begin")
    assert done.returncode == 0
    for words in ("nested_begin_unsafe", "nested_begin_safe", "Not found", "https://"):
        assert words in done.stdout


def test_without_the_parser_it_says_what_to_install(
    command: Command, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line, and no traceback."""
    monkeypatch.setitem(sys.modules, "tree_sitter", None)
    grammar._parsers.cache_clear()
    done = command("check", "one.c")
    grammar._parsers.cache_clear()
    assert (done.returncode, "pip install 'gil-demo[check]'" in done.stderr) == (2, True)


@pytest.mark.parametrize("missing", ["tree_sitter", "tree_sitter_cpp"])
def test_where_the_parser_does_not_build_it_names_another_python(
    missing: str, command: Command, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a free-threaded build: what it tells to install could not be installed there."""
    monkeypatch.setattr(machine, "free_threaded", lambda: True)
    monkeypatch.setitem(sys.modules, missing, None)
    grammar._parsers.cache_clear()
    done = command("check", "one.c")
    grammar._parsers.cache_clear()
    assert done.returncode == 2
    assert "the grammar of C++ does not build for a free-threaded Python" in done.stderr
    assert "is not installed" not in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_project_s_own_pages_say_what_the_check_sees(command: Command) -> None:
    """Each page of the gallery names its rule, or says that there is none."""
    assert "finds this as leaves-block" in command("show", "missing-end").stdout
    shown = " ".join(command("show", "torn-snapshot").stdout.split())
    assert "gil-demo check has no rule for it" in shown
    assert (TOP / "docs").is_dir()
