"""The C compiler and Python's headers: looked up in one place for build, doctor, tests, exercises.

setup.py loads this file by its path, before the package can be imported: only the standard
library is used.
"""

import os
import shlex
import shutil
import subprocess
import sysconfig
from pathlib import Path

INSTALL = (
    "On Debian or Ubuntu: apt install build-essential python3-dev;"
    " on Fedora: dnf install gcc python3-devel; on macOS: xcode-select --install"
)
"""How to get both."""


def compiler() -> list[str]:
    """Return the command that compiles C, as the build uses it: CC, or else Python's own.

    It has at least one word, which names no program where CC is no command.
    """
    command = os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc"
    try:
        return shlex.split(command) or [command]
    except ValueError:  # a quotation that does not end
        return [command]


def compiler_path() -> str | None:
    """Return where the compiler is, or None if it is not installed."""
    return shutil.which(compiler()[0])


def headers() -> Path:
    """Return the folder in which Python.h should be."""
    return Path(sysconfig.get_path("include"))


def has_headers() -> bool:
    """Return whether Python.h is there."""
    return (headers() / "Python.h").exists()


def missing() -> str | None:
    """Say in one line what this machine lacks to build C for Python, or return None."""
    if compiler_path() is None:
        return f"gil-demo needs a C compiler, and there is no '{compiler()[0]}' here. {INSTALL}"
    if not has_headers():
        return f"gil-demo needs the Python headers; there is no Python.h in {headers()}. {INSTALL}"
    return None


def build_library(source: Path, library: Path, *options: str) -> None:
    """Compile one C file into a library that Python can load, as an extension or by ctypes.

    Raises subprocess.CalledProcessError; the compiler's own words go to standard error.
    """
    link = shlex.split(sysconfig.get_config_var("LDSHARED"))  # such as: gcc -shared
    own = shlex.split(sysconfig.get_config_var("CC"))
    if link[: len(own)] == own:
        link = [*compiler(), *link[len(own) :]]
    subprocess.run([*link, "-fPIC", *options, str(source), "-o", str(library)], check=True)
