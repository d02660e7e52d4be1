"""The alarm tells each hold that made another thread wait, once, and ends whatever happens."""

import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

pytestmark = pytest.mark.usefixtures("watchable")

Command = Callable[..., CompletedProcess[str]]

FULL_PIPE = """
import contextlib, os, threading
from gil_demo.native import handovers

import pytest

reading, writing = os.pipe()
os.set_blocking(writing, False)
with contextlib.suppress(BlockingIOError):
    while True:
        os.write(writing, bytes(4096))
os.set_blocking(writing, True)

ending = threading.Event()

def compute():
    while not ending.is_set():
        pass

def empty_the_pipe():
    ending.wait()
    while os.read(reading, 65536):
        pass

threads = [threading.Thread(target=target) for target in (compute, empty_the_pipe)]
handovers.start(0, 0)
handovers.alarm_start(1_000_000, writing, "")
for thread in threads:
    thread.start()
handovers.hold_gil(0.5)  # the alarm speaks, and its thread waits until there is room in the pipe
ending.set()
print(handovers.alarm_stop() > 0)
os.close(writing)
"""


def test_an_alarm_ends_while_its_pipe_is_full(python: Command) -> None:
    """The thread that empties the pipe gets the GIL while the end of the alarm is waited for."""
    assert python(FULL_PIPE).stdout == "True\n"


MANY_HOLDS = """
import sys, threading, time
from gil_demo.native import handovers
from gil_demo.watching import timeline

AFTER_NS = 200_000
ended = threading.Event()

def ask():
    while not ended.wait(0.0001):
        pass

with open(sys.argv[1], "wb", buffering=0) as told:
    handovers.start(1 << 20, 0)
    handovers.alarm_start(AFTER_NS, told.fileno(), "")
    waiters = [threading.Thread(target=ask) for _ in range(3)]
    for waiter in waiters:
        waiter.start()
    for number in range(300):
        handovers.hold_gil(0.0005 if number % 20 else 0.03)
        handovers.pairs(1)
    ended.set()
    for waiter in waiters:
        waiter.join()
    handovers.alarm_stop()
    handovers.stop()
holds = handovers.holds()
waits = timeline.waits_of(holds, [], handovers.span().stopped_ns)
print((timeline.longest_waits(holds, waits) >= AFTER_NS).sum())
"""


def test_each_hold_that_made_another_wait_is_told_once(python: Command, tmp_path: Path) -> None:
    """While it goes on, at its end, or among those that were too many to be told one by one."""
    file = tmp_path / "alarms.txt"
    long = int(python(MANY_HOLDS, str(file)).stdout)
    told = file.read_text()
    single = re.findall(r"^gil-demo: alarm: thread .* the GIL for ", told, re.MULTILINE)
    more = re.findall(r"^gil-demo: alarm: (\d+) more holds made", told, re.MULTILINE)
    assert len(single) + sum(map(int, more)) == long > 15


FORBIDDEN = """
import ctypes, os, platform, struct, sys

NUMBER = {"x86_64": 310, "aarch64": 270}[platform.machine()]  # of process_vm_readv
ALLOW, FORBID = 0x7FFF0000, 0x00050000 | 1  # EPERM

rules = b"".join(
    struct.pack("HBBI", *rule)
    for rule in ((0x20, 0, 0, 0), (0x15, 0, 1, NUMBER), (0x06, 0, 0, FORBID), (0x06, 0, 0, ALLOW))
)
kept = ctypes.create_string_buffer(rules)
program = struct.pack("HxxxxxxP", 4, ctypes.addressof(kept))
prctl = ctypes.CDLL(None, use_errno=True).prctl
assert prctl(38, 1, 0, 0, 0) == 0  # PR_SET_NO_NEW_PRIVS
assert prctl(22, 2, program, 0, 0) == 0, os.strerror(ctypes.get_errno())  # PR_SET_SECCOMP
"""

WATCHED = """
from gil_demo.__main__ import main
sys.argv[1:] = ["watch", "--alarm", "1s", "-c", "print('run')"]
main()
"""

BLOCK = """
import gil_demo
from gil_demo.native import handovers
before = handovers.slots()
try:
    with gil_demo.watch(alarm=1):
        print("run")
except RuntimeError as error:
    print(error)
print(handovers.running(), handovers.slots() == before)
"""

REASON = (
    "no alarm can be set here: this system forbids process_vm_readv,"
    " as the seccomp filter of a container may\n"
)


def test_where_no_stack_can_be_read_the_alarm_is_refused(python: Command) -> None:
    """Before the program begins, in one line; nothing is left in place."""
    ended = python(FORBIDDEN + WATCHED)
    assert (ended.stdout, ended.stderr, ended.returncode) == ("", f"gil-demo: {REASON}", 2)
    ended = python(FORBIDDEN + BLOCK)
    assert (ended.stdout, ended.stderr) == (f"{REASON}False True\n", "")


UNWATCHED = """
from gil_demo.native import handovers
try:
    handovers.alarm_start(1, 2, "")
except RuntimeError as error:
    print(error)
handovers.start(10, 0)
handovers.alarm_start(1, 2, "")
try:
    handovers.stop()
except RuntimeError as error:
    print(error)
print(handovers.alarm_stop(), handovers.running())
handovers.stop()
"""


def test_an_alarm_lives_no_longer_than_its_watch(python: Command) -> None:
    """Its thread reads what the watch notes: that may not be freed meanwhile."""
    assert python(UNWATCHED).stdout.splitlines() == [
        "no alarm can be set here: nothing is being watched",
        "its alarm is still set",
        "0 True",
    ]
