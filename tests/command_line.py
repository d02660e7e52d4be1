"""What the tests of the command line share."""

import re
import stat
import sysconfig
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

Command = Callable[..., CompletedProcess[str]]
"""A fixture that runs one command line, in this process or in another."""

ONE_CALL = ("--section", "responsiveness", "--rounds", "1", "--threads", "1")
"""As little of a run as there is: the ticker alone and beside two calls."""

MEASURED = ("--section", "picture", "--section", "scaling", "--section", "responsiveness")


def assert_refused(ended: CompletedProcess[str], *words: str) -> None:
    """One line that begins with the program's name, and nothing else anywhere."""
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert re.fullmatch(r"gil-demo: [^\n]+\n", ended.stderr), ended.stderr
    assert "Traceback" not in ended.stderr
    for word in words:
        assert word in ended.stderr


def controls(text: str) -> set[str]:
    """The control characters in a text."""
    return set(re.findall(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text))


def script() -> str:
    """Where the command is installed."""
    path = Path(sysconfig.get_path("scripts")) / "gil-demo"
    assert path.stat().st_mode & stat.S_IXUSR
    return str(path)
