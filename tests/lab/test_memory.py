"""The memory that a child shares keeps what was left in it."""

import subprocess
import sys

from gil_demo.lab.memory import Memory, Note, Remains
from gil_demo.results.patterns import Finding

FINDINGS = (
    Finding("ok", "the sum; of \u2211 elements"),
    Finding("wrong-value", "sums", "more", (1, 2.5), (3, 4.0)),
    Finding("wrong-value", "sum", found=2**53 + 1, expected=2**53 + 2),
)

DYING_CHILD = """
import os
from gil_demo.lab.memory import Memory, Note

memory = Memory()
child = os.fork()
if child == 0:
    memory.add("note", Note(1.0, "C began"))
    memory.add("note", Note(2.0, "nobody can go on", expects_deadlock=True))
    os.kill(os.getpid(), 9)
os.waitpid(child, 0)
remains = memory.read()
assert remains.notes[0] == Note(1.0, "C began")
assert remains.last_note == Note(2.0, "nobody can go on", expects_deadlock=True)
assert remains.expects_deadlock
"""
"""A process of one thread, which therefore may fork: the process of the tests has more."""


def test_nothing_is_left_at_first() -> None:
    """No note, no finding, and a kernel that counts nothing."""
    assert Memory().read() == Remains(0, 0, (), None)
    assert Remains().last_note is None
    assert not Remains().expects_deadlock


def test_a_finding_is_read_as_it_was_left() -> None:
    """Fields and types, also those of numbers that no double can hold."""
    for finding in FINDINGS:
        memory = Memory()
        memory.add("finding", finding)
        assert memory.read().finding == finding
        assert repr(memory.read().finding) == repr(finding)


def test_what_a_child_left_outlives_it() -> None:
    """In the order in which it was said."""
    subprocess.run([sys.executable, "-c", DYING_CHILD], check=True)


def test_a_deadlock_is_expected_only_until_somebody_goes_on() -> None:
    """A later note takes it back."""
    memory = Memory()
    memory.add("note", Note(1.0, "nobody can go on", expects_deadlock=True))
    memory.add("note", Note(2.0, "somebody went on"))
    assert not memory.read().expects_deadlock
