"""A shell completes commands, options and values."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import script

from gil_demo.cli import run_command_line


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
def test_each_shell_gets_its_completion(shell: str, answer: Callable[..., str]) -> None:
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


def test_a_question_that_cannot_be_read_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever sets the variables of a shell by hand gets one line."""
    monkeypatch.setenv("_GIL_DEMO_COMPLETE", "bash_complete")
    for words in ({"COMP_CWORD": "x"}, {"COMP_CWORD": "x", "COMP_WORDS": "gil-demo r"}):
        for name, value in words.items():
            monkeypatch.setenv(name, value)
        assert run_command_line([]) == 2
        out, err = capsys.readouterr()
        assert (out, err.count("\n")) == ("", 1)
        assert "COMP_CWORD" in err


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
