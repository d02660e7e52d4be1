"""Runs scripts side by side, each in a new interpreter with a GIL of its own.

The text of this module is run by itself, in a process of its own. CPython 3.14 has a
module for this, ``concurrent.interpreters`` (PEP 734); 3.12 and 3.13 have what it is made
of, under private names.
"""

import os
import sys
import threading
import time
import traceback
from importlib import import_module

_one_at_a_time = threading.Lock()


def run_side_by_side(scripts: list[str], answers: int) -> None:
    """Say when it begins, run each script in a thread and an interpreter, and wait for all."""
    os.write(answers, f"{time.monotonic_ns()}\n".encode())
    threads = [threading.Thread(target=_run, args=[script]) for script in scripts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _run(script: str) -> None:
    """Run one script; if that fails, the process ends, and nobody waits for the other."""
    try:
        if sys.version_info >= (3, 14):
            _run_in_interpreter(script)
        else:
            _run_by_private_names(script)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def _run_in_interpreter(script: str) -> None:
    interpreters = import_module("concurrent.interpreters")
    with _one_at_a_time:
        interpreter = interpreters.create()
    try:
        interpreter.exec(script)
    finally:
        with _one_at_a_time:
            interpreter.close()


def _run_by_private_names(script: str) -> None:
    recent = sys.version_info >= (3, 13)
    interpreters = import_module("_interpreters" if recent else "_xxsubinterpreters")
    with _one_at_a_time:
        interpreter = interpreters.create()  # isolated, which includes a GIL of its own
    try:
        failure = interpreters.run_string(interpreter, script)
        if failure is not None:  # 3.12 raises
            raise RuntimeError(failure.formatted)
    finally:
        with _one_at_a_time:
            interpreters.destroy(interpreter)
