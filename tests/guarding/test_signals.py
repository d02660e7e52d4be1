"""The report comes whatever else has an eye on SIGSEGV, and a second fault costs little of it."""

import platform
import signal
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

Run = Callable[..., Any]
Command = Callable[..., CompletedProcess[str]]

OVERRUN = "array = np.ones(10); read(address(array) + 80)"
SENTENCE = "== gil-demo guard: C read the first byte past the end of an array's data."
FATAL = "Fatal Python error: Segmentation fault"


@pytest.mark.parametrize(
    ("before", "inside", "fatal"),
    [
        ("", "", False),
        ("faulthandler.enable()", "", True),
        ("", "faulthandler.enable()", True),
        ("faulthandler.enable()", "faulthandler.enable()", True),
        ("", "faulthandler.enable(); faulthandler.disable()", False),
    ],
)
def test_faulthandler_and_the_guard_both_speak(
    before: str, inside: str, fatal: bool, block: Run
) -> None:
    """In whatever order they are installed; switching faulthandler off leaves the guard."""
    ended = block(f"""
import faulthandler
{before}
with gil_demo.guard():
    {inside}
    {OVERRUN}
""")
    assert ended.returncode == -signal.SIGSEGV
    assert ended.stderr.count(SENTENCE) == 1
    assert (FATAL in ended.stderr) == fatal


@pytest.mark.parametrize("enabled", [False, True])
@pytest.mark.parametrize(
    "send", ["signal.raise_signal(signal.SIGSEGV)", "os.kill(os.getpid(), signal.SIGSEGV)"]
)
def test_a_signal_that_was_sent_ends_the_program(send: str, enabled: bool, block: Run) -> None:
    """It is no fault: nothing is reported, and nobody survives it."""
    ended = block(f"""
import faulthandler, os
with gil_demo.guard():
    if {enabled}:
        faulthandler.enable()
    {send}
print("survived")
""")
    assert ended.returncode == -signal.SIGSEGV
    assert "== gil-demo guard" not in ended.stderr
    assert ended.stdout == ""


def test_a_handler_taken_away_is_told_of(process: Command) -> None:
    """If the program takes SIGSEGV for itself there is no report, and the last lines say so."""
    code = (
        "import numpy as np, signal, ctypes; signal.signal(signal.SIGSEGV, signal.SIG_DFL);"
        "a = np.ones(2); ctypes.string_at(a.ctypes.data + 16, 1)"
    )
    ended = process("guard", "-c", code)
    assert ended.returncode == 128 + signal.SIGSEGV
    assert "nothing could be reported of it" in ended.stderr


def test_a_second_fault_inside_the_report_loses_only_one_stage(guarded: Run) -> None:
    """Names are looked for in the program's own objects, which may be in any state."""
    ended = guarded("""
def overrun(array):
    broken = [None]
    fake = (ctypes.c_size_t * 2)(1, 0x123450)  # an object whose type is nowhere
    items = ctypes.cast(id(broken) + 24, ctypes.POINTER(ctypes.c_void_p))[0]
    ctypes.cast(items, ctypes.POINTER(ctypes.c_void_p))[0] = ctypes.addressof(fake)
    read(address(array) + 80)
overrun(np.ones(10))
""")
    assert ended.code == 128 + signal.SIGSEGV
    assert ended.kind == ("past-end", "read")
    assert [call["function"] for call in ended.report["python"]][-2:] == ["overrun", "<module>"]
    assert ended.report["native"]
    assert ended.report["blocks"]


INSIDE_MALLOC = """
import ctypes, threading, time
import numpy as np
np.ones(10)
threading.Thread(target=time.sleep, args=[60], daemon=True).start()  # else nothing is locked
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
for size in range(200, 1000, 16):  # no block is at hand that is had without the lock
    kept = [libc.malloc(size) for _ in range(50)]
place, wall = libc.malloc(5000), libc.malloc(5000)
links = (ctypes.c_size_t * 2).from_address(place)
libc.free(place)
links[1] = 0x123450
libc.malloc(9000)
"""


def test_a_fault_inside_malloc_is_reported(process: Command) -> None:
    """Then malloc's lock is held for good: a report that allocates would wait for it for ever."""
    ended = process("guard", "-c", INSIDE_MALLOC)
    assert ended.returncode == 128 + signal.SIGSEGV
    assert "C read an address that is not near any guarded data." in ended.stderr


def test_two_threads_that_fault_at_once_give_one_whole_report(guarded: Run) -> None:
    """The second waits until the process has died of the first."""
    ended = guarded("""
array = np.ones(10)
memset = ctypes.CDLL(None).memset  # without the GIL
barrier = threading.Barrier(2)
def overrun():
    barrier.wait()
    memset(ctypes.c_void_p(address(array) + 80), 1, 8)
for _ in range(2):
    threading.Thread(target=overrun).start()
""")
    assert ended.code == 128 + signal.SIGSEGV
    assert ended.reports[0]["what"] == "past-end"
    assert ended.reports[0]["native"]


def test_standard_error_that_was_redirected_still_gets_the_report(block: Run) -> None:
    """Test runners replace descriptor 2: the report goes where it pointed at first."""
    ended = block(f"""
import os
with gil_demo.guard():
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    {OVERRUN}
""")
    assert SENTENCE in ended.stderr


def test_a_program_that_closes_low_descriptors_still_gets_the_report(
    process: Command, tmp_path: Path
) -> None:
    """A service does, and opens its own in their place: no report may get into those."""
    code = (
        "import os, ctypes; import numpy as np; os.closerange(3, 256);"
        "files = [os.open('own', os.O_RDWR | os.O_CREAT) for _ in range(20)];"
        "a = np.ones(2); ctypes.string_at(a.ctypes.data + 16, 1)"
    )
    ended = process("guard", "-c", code)
    assert SENTENCE in ended.stderr
    assert (tmp_path / "own").read_bytes() == b""


def test_without_another_process_the_bare_facts_are_printed(block: Run) -> None:
    """If no process can be started to tell the report, its facts come as they are."""
    ended = block(f"""
from gil_demo.guarding import install
install.teller = lambda: ("/nowhere/python",)
with gil_demo.guard():
    {OVERRUN}
""")
    assert ended.returncode == -signal.SIGSEGV
    assert '{"fact": "report", "what": "past-end"' in ended.stderr


BREAKPOINTS = {
    "x86_64": b"\xcc\xc3",  # int3, ret
    "aarch64": b"\x00\x00\x20\xd4\xc0\x03\x5f\xd6",  # brk #0, ret
}


def test_a_breakpoint_in_c_ends_the_program_as_without_the_guard(block: Run) -> None:
    """SIGTRAP that is not the guard's own goes to whoever had it before."""
    ended = block(f"""
import mmap
code = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write({BREAKPOINTS[platform.machine()]!r})
breakpoint_in_c = ctypes.CFUNCTYPE(None)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
with gil_demo.guard():
    breakpoint_in_c()
""")
    assert ended.returncode == -signal.SIGTRAP
