"""What stops all threads waits for C that stays attached, and not for C in the block."""

import os
import subprocess
import sys

import pytest

from gil_demo.host import machine

PROGRAM = """
import gc, os, sys

import numpy as np

from gil_demo.lab.lab import Lab
from gil_demo.lab.memory import Memory
from gil_demo.lab.thread import Thread

half, action = sys.argv[1:]


def fork():
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def act():
    lab.wait_for(1)
    ACTIONS[action]()
    lab.reach(2)


ACTIONS = {
    "collection": gc.collect,
    "fork": fork,
    "import of C": lambda: __import__("gil_demo.gilexample_safe"),
}
lab = Lab(Memory())
data, ended = np.ones(8192), np.zeros(1, np.int64)
other = Thread(act)
getattr(lab.c, f"stop_the_world_{half}")(
    lab.ffi.from_buffer("double[]", data),
    data.size,
    lab.ffi.from_buffer("int64_t[]", ended, require_writable=True),
    lab.pointer,
)
other.result()
print(ended[0], getattr(sys, "_is_gil_enabled", lambda: True)())
"""


@pytest.mark.parametrize("action", ["collection", "fork", "import of C"])
@pytest.mark.parametrize("half", ["unsafe", "safe"])
def test_who_stops_all_threads_waits_for_attached_c(half: str, action: str) -> None:
    """It ends while C is in the block, and never while C is attached, with a GIL or without.

    ``PYTHON_GIL`` is left out: where it is set, no import has to turn the GIL on for a while.
    """
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, half, action],
        env={name: value for name, value in os.environ.items() if name != "PYTHON_GIL"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    has_gil = not machine.free_threaded()
    assert (ended.stdout, ended.stderr) == (f"{int(half == 'safe')} {has_gil}\n", "")
