"""Commands to be timed whole, each in a process of its own."""

import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from .harness import commands_cpu_seconds


@dataclass(frozen=True, slots=True)
class CommandTime:
    """The wall time of a command, and its processor time, which others cannot lengthen much."""

    wall_seconds: float
    cpu_seconds: float


def gil_demo() -> list[str]:
    """The installed command of this interpreter, or the module where there is none."""
    command = Path(sys.executable).with_name("gil-demo")
    return [str(command)] if command.exists() else python("-m", "gil_demo")


def python(*arguments: str) -> list[str]:
    """This interpreter."""
    return [sys.executable, *arguments]


def run(command: Sequence[str]) -> str:
    """Run the command to its end and return its standard error."""
    return subprocess.run(
        command,
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ).stderr


def timed(command: Sequence[str]) -> CommandTime:
    """What one run of the command took."""
    cpu_before = commands_cpu_seconds()
    began = time.perf_counter()
    run(command)
    ended = time.perf_counter()
    return CommandTime(ended - began, commands_cpu_seconds() - cpu_before)


def median_cpu_seconds(times: Iterable[CommandTime]) -> float:
    """The middle processor time of several runs."""
    return median(one.cpu_seconds for one in times)
