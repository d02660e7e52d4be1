"""Imports modules, each in a process of its own, and returns how it went."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from gil_demo.errors import BadInput
from gil_demo.files import nameless_file
from gil_demo.host.interpreter import python_command
from gil_demo.results.host import Import
from gil_demo.sandbox.postmortem import fatal_error, signal_name

CHILD = "from gil_demo.sandbox.import_child import main; main()"

LIMIT_SECONDS = 60.0
"""How long an import may take."""


def refuse_no_modules(names: Iterable[str]) -> None:
    """Raise `BadInput` if one of these cannot be the name of a module."""
    for name in names:
        if Path(name).is_file() or not all(part.isidentifier() for part in name.split(".")):
            raise BadInput(
                f"{name!r} is not the name of a module: write it as in 'import package.module'"
            )


def import_alone(name: str, limit_seconds: float = LIMIT_SECONDS) -> Import:
    """Import a module in a fresh interpreter, as if PYTHON_GIL were not set.

    The current folder is searched first, as ``python -c`` does it. What the module prints is
    not shown. When this returns the process is gone, and with it those that it started in
    its session.
    """
    with nameless_file() as told, nameless_file() as errors:
        here = [] if sys.flags.safe_path else ["here"]
        command = python_command(CHILD, str(told.fileno()), name, *here)
        status = _run(
            [word for word in command if not word.startswith("-Xgil")],
            limit_seconds,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            pass_fds=[told.fileno()],
            env={key: value for key, value in os.environ.items() if key != "PYTHON_GIL"},
        )
        told.seek(0)
        errors.seek(0)
        facts: dict[str, Any] = {"turned_gil_on": False}
        for line in told.read().decode().splitlines():
            facts |= json.loads(line)
        last_words = fatal_error(errors.read().decode(errors="replace"))
    if "ended" not in facts:
        facts |= _end_of_process(status, last_words)
    return Import(module=name, **facts)


def _run(command: list[str], limit_seconds: float, **settings: Any) -> int | None:
    """Run a process in a session of its own, and return its status; None after the limit."""
    process = subprocess.Popen(command, start_new_session=True, **settings)
    try:
        return process.wait(limit_seconds)
    except subprocess.TimeoutExpired:
        return None
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _end_of_process(status: int | None, last_words: str | None) -> dict[str, Any]:
    if status is None:
        return {"ended": "unfinished"}
    if status < 0:
        return {"ended": "died", "signal": signal_name(-status), "error": last_words}
    return {"ended": "left", "exit_code": status}
