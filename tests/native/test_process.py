"""A process can ask to die with its parent, whether or not the C modules are built."""

import sys

from command_line import Command

ORPHAN = """
import os, sys, time
from gil_demo.native.process import die_with_parent
reading, writing = os.pipe()
if os.fork() == 0:
    die_with_parent()
    os.write(1, b"asked,")
    os.write(writing, b"!")
    time.sleep(10)
    os.write(1, b"survived")
    os._exit(0)
os.read(reading, 1)
print(*(name for name in sys.modules if name.startswith("gil_demo._")), end="", flush=True)
os._exit(0)
"""


def test_a_child_dies_with_its_parent_where_the_system_offers_that(python: Command) -> None:
    """Linux does. No C module is loaded for it."""
    ended = python(ORPHAN)
    assert ended.returncode == 0
    assert ended.stdout == ("asked," if sys.platform == "linux" else "asked,survived")
