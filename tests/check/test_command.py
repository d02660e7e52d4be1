"""`gil-demo check` on the command line."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import jsonschema
import pytest
from checking import WRONG

from gil_demo.report.document import schema

pytestmark = pytest.mark.usefixtures("parser")

Command = Callable[..., CompletedProcess[str]]


def test_text_shows_the_way_the_line_and_what_to_write(command: Command, file: Path) -> None:
    """And the exit code says that something was found."""
    done = command("check", "one.c")
    assert done.returncode == 1
    assert "one.c:5:5: error: Py_INCREF needs the GIL. [api-in-block]" in done.stdout
    assert "4: Py_BEGIN_ALLOW_THREADS releases the GIL" in done.stdout
    assert "5 |     Py_INCREF(o);" in done.stdout
    assert "  |     ^~~~~~~~~" in done.stdout
    assert "gil-demo show refcount-race" in done.stdout


def test_a_reference_dropped_in_the_block_leads_to_its_own_page(
    command: Command, file: Path
) -> None:
    """The first pattern of the rule shows another call; this one runs a destructor."""
    file.write_text(WRONG.replace("Py_INCREF", "Py_DECREF"))
    assert "gil-demo show last-reference" in command("check", "one.c").stdout


def test_a_macro_that_releases_is_named_in_the_way(command: Command, file: Path) -> None:
    """It hides both BEGIN and END, and it is what the line has."""
    macro = "#define UNLOCKED(x) Py_BEGIN_ALLOW_THREADS x; Py_END_ALLOW_THREADS\n"
    file.write_text(f"{macro}void f(PyObject *o) {{\n    UNLOCKED(Py_INCREF(o));\n}}\n")
    done = command("check", "one.c")
    assert "3: UNLOCKED releases the GIL" in done.stdout
    file.write_text(f"{macro}int f(int a) {{\n    UNLOCKED(if (a) return 1);\n    return 0;\n}}\n")
    assert "one.c:3:21: error: f returns here" in command("check", "one.c").stdout


def test_the_end_says_what_was_read_and_never_that_it_is_safe(command: Command, file: Path) -> None:
    """Nothing found is no proof, and the patterns that nobody can see are named."""
    file.write_text(WRONG.replace("Py_INCREF(o);", "work(o);"))
    done = command("check", "one.c")
    assert done.returncode == 0
    assert "Nothing found in 1 file of 8 lines: 1 block in 1 function read" in done.stdout
    assert "This does not say that the code is safe" in done.stdout
    assert "torn-snapshot" in done.stdout


def test_json_keeps_its_schema(command: Command, file: Path) -> None:
    """One document and nothing else."""
    done = command("check", "--format", "json", "one.c")
    document = json.loads(done.stdout)
    jsonschema.validate(document, schema("check"))
    assert document["format"] == "gil-demo/check"
    (finding,) = document["findings"]
    assert (finding["rule"], finding["released_at"]) == ("api-in-block", 4)
    assert command("check", "--json", "one.c").stdout == done.stdout


def test_a_baseline_hides_what_it_has(command: Command, file: Path) -> None:
    """Also after lines were inserted above; a new finding is reported."""
    Path("known.json").write_text(command("check", "--json", "one.c").stdout)
    file.write_text("\n\n" + WRONG)
    done = command("check", "--baseline", "known.json", "one.c")
    assert (done.returncode, "1 in the baseline" in done.stdout) == (0, True)
    file.write_text(WRONG + WRONG.replace("int f", "int g"))
    assert command("check", "--baseline", "known.json", "one.c").returncode == 1
    Path("known.json").write_text("{}")
    refused = command("check", "--baseline", "known.json", "one.c")
    assert (refused.returncode, "is no baseline" in refused.stderr) == (2, True)


@pytest.mark.parametrize("where", ["same line", "line above"])
def test_a_comment_with_a_reason_suppresses(command: Command, file: Path, where: str) -> None:
    """On the line or alone on the one above; how many are hidden is said."""
    comment = "/* gil-demo: ignore[api-in-block] only one thread runs here */"
    line = "    Py_INCREF(o);"
    new = f"{line} {comment}" if where == "same line" else f"    {comment}\n{line}"
    file.write_text(WRONG.replace(line, new))
    done = command("check", "one.c")
    assert (done.returncode, "1 suppressed by comments" in done.stdout) == (0, True)


@pytest.mark.parametrize(
    ("comment", "complaint"),
    [
        ("/* gil-demo: ignore[api-in-block] */", "gives no reason"),
        ("// gil-demo: ignore this", "names no rule"),
        ("// gil-demo: ignore[nested-begin] because", "suppresses no nested-begin here"),
    ],
)
def test_a_comment_that_suppresses_nothing_is_reported(
    command: Command, file: Path, comment: str, complaint: str
) -> None:
    """And the finding stays."""
    file.write_text(WRONG.replace("Py_INCREF(o);", f"Py_INCREF(o); {comment}"))
    done = command("check", "one.c")
    assert (done.returncode, complaint in done.stdout) == (1, True)


def test_rules_and_levels_can_be_chosen(command: Command, file: Path) -> None:
    """On the command line and in pyproject.toml; a rule that there is not is refused."""
    assert command("check", "--ignore", "api-in-block", "one.c").returncode == 0
    assert command("check", "--select", "nested-begin", "one.c").returncode == 0
    assert command("check", "--level", "error", "one.c").returncode == 1
    refused = command("check", "--select", "no-rule", "one.c")
    assert (refused.returncode, "the rules are api-in-block" in refused.stderr) == (2, True)
    Path("pyproject.toml").write_text('[tool.gil-demo.check]\nignore = ["api-in-block"]\n')
    assert command("check", "one.c").returncode == 0


def test_settings_name_own_functions(command: Command, file: Path) -> None:
    """What nobody can see in the source: who needs the GIL, who releases it, who takes it back."""
    file.write_text("void f(void) { let(); work(); take(); work(); let(); take(); free_one(); }\n")
    settings = 'releases = ["let"]\ntakes = ["take"]\nneeds-gil = ["work"]\n'
    Path("pyproject.toml").write_text(f"[tool.gil-demo.check]\n{settings}")
    done = command("check", "one.c")
    assert "one.c:1:23: error: work needs the GIL, as the settings say." in done.stdout
    assert "1 error" in done.stdout


def test_what_cannot_be_read_is_said(command: Command, file: Path) -> None:
    """Exit code 2 where nothing was found beside it."""
    Path("utf16.c").write_text("int a;", encoding="utf-16")
    Path("link.c").symlink_to("nowhere.c")
    for name, complaint in {
        "utf16.c": "is UTF-16",
        "gone.c": "is not there",
        "link.c": "is a link that leads nowhere",
    }.items():
        done = command("check", name)
        assert (done.returncode, complaint in done.stderr) == (2, True)
    done = command("check", ".")
    assert (done.returncode, done.stderr.count("\n")) == (1, 2)
    assert "name a file or folder" in command("check").stderr


def test_a_folder_without_source_is_refused(command: Command, file: Path) -> None:
    """A CI job that names the wrong folder would never fail otherwise."""
    Path("docs").mkdir()
    Path("docs/index.md").write_text("no source")
    for arguments, complaint in (
        (["docs"], "docs has no C or C++ source: name files or folders that have"),
        (["one.c", "docs"], "docs has no C or C++ source: name files or folders that have"),
        ([".", "--exclude", "*.c"], ". has no C or C++ source that is not excluded: "),
    ):
        done = command("check", *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"gil-demo: {complaint}")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_lines_end_as_they_may(command: Command, file: Path, end: str) -> None:
    """A place is the one that an editor shows."""
    file.write_bytes(WRONG.replace("\n", end).encode())
    assert "one.c:5:5: error" in command("check", "one.c").stdout


def test_a_folder_is_read_once_whatever_links_lead_there(command: Command, file: Path) -> None:
    """Links to files count once, links to folders are not followed, hidden folders not read."""
    Path("two.c").symlink_to("one.c")
    Path("again").symlink_to(".")
    Path(".hidden").mkdir()
    Path(".hidden/three.c").write_text(WRONG)
    done = command("check", ".", "one.c", "again/one.c")
    assert "1 error in 1 file" in done.stdout


def test_github_s_commands_have_place_and_title(command: Command, file: Path) -> None:
    """One line a finding."""
    done = command("check", "--format", "github", "one.c")
    assert done.stdout.startswith(
        "::error file=one.c,line=5,col=5,endColumn=14,title=api-in-block::"
    )
    assert done.stdout.count("\n") == 1
