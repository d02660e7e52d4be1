"""Threads and processes that a program starts are guarded too."""

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]

OVERRUN = "array = np.ones(10); read(address(array) + 80)"


@pytest.mark.parametrize(
    "start",
    [
        "thread = threading.Thread(target=overrun); thread.start(); thread.join()",
        "executor.submit(overrun).result()",
        "import asyncio; asyncio.run(asyncio.to_thread(overrun))",
        "import _thread; _thread.start_new_thread(overrun, ()); time.sleep(20)",
        "import contextvars; contextvars.Context().run(overrun)",
    ],
)
def test_every_thread_is_guarded(start: str, block: Run) -> None:
    """Also one that ran before the guard began, and one with a context of its own."""
    ended = block(f"""
from concurrent.futures import ThreadPoolExecutor
executor = ThreadPoolExecutor(1)
executor.submit(int).result()

def overrun():
    {OVERRUN}

with gil_demo.guard():
    {start}
""")
    assert ended.returncode == -signal.SIGSEGV
    assert "C read the first byte past the end of an array's data." in ended.stderr
    assert "in overrun" in ended.stderr


def test_a_thread_that_c_started_is_guarded(block: Run) -> None:
    """C's threads have no context to inherit; the fault in one of them is reported, too."""
    ended = block("""
library = ctypes.CDLL(None)
start = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)
places = []

@start
def body(_):
    places.append(np.ones(10))

handle = ctypes.c_ulong()
with gil_demo.guard() as guarded:
    library.pthread_create(ctypes.byref(handle), None, body, None)
    library.pthread_join(handle, None)
    (array,) = places
    assert guarded.counts["alive"] >= 1
    stale = address(array)
    places.clear()
    del array
    strlen = ctypes.cast(library.strlen, ctypes.c_void_p)
    library.pthread_create(ctypes.byref(handle), None, strlen, ctypes.c_void_p(stale))
    library.pthread_join(handle, None)
""")
    assert ended.returncode == -signal.SIGSEGV
    assert "of an array's data after they were freed." in ended.stderr


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing_is_guarded(method: str, guarded: Run, tmp_path: Path) -> None:
    """A child dies of its own fault, with its own report, and the parent lives on."""
    (tmp_path / "target.py").write_text("""
import ctypes
import numpy as np
def overrun():
    array = np.ones(10)
    ctypes.string_at(array.__array_interface__["data"][0] + 80, 1)
""")
    ended = guarded(f"""
import multiprocessing
sys.path.insert(0, {str(tmp_path)!r})
from target import overrun
if __name__ == "__main__":
    child = multiprocessing.get_context({method!r}).Process(target=overrun)
    child.start()
    child.join()
    sys.exit(100 - child.exitcode)
""")
    assert ended.code == 100 + signal.SIGSEGV, ended.output
    assert ended.kind == ("past-end", "read")
    assert ended.counts["processes"] >= 2
    assert ended.report["variables"][0]["name"] == "array"


CHILD = "import numpy as np, ctypes; a = np.ones(2); ctypes.string_at(a.ctypes.data + 16, 1)"


@pytest.mark.parametrize(("options", "reports"), [([], 1), (["--no-children"], 0)])
def test_python_in_a_subprocess_is_guarded_unless_told_otherwise(
    options: list[str], reports: int, guarded: Run
) -> None:
    """--no-children leaves no trace in the environment of what the program starts."""
    ended = guarded(
        f"""
import os, subprocess
code = subprocess.run([sys.executable, "-c", {CHILD!r}]).returncode
assert code == (-signal.SIGSEGV if {reports} else 0), code
if not {reports}:
    assert "GIL_DEMO_GUARD" not in os.environ and "PYTHONPATH" not in os.environ
""",
        *options,
    )
    assert len(ended.reports) == reports


def test_fork_under_allocating_threads(block: Run) -> None:
    """A child never inherits a lock that nobody will release."""
    ended = block(
        """
import os
with gil_demo.guard():
    stop = threading.Event()
    def work():
        while not stop.is_set():
            np.ones(10)
    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(20):
        child = os.fork()
        if child == 0:
            arrays = [np.ones(n) for n in range(100)]
            os._exit(int(sum(array.sum() for array in arrays) != 4950))
        assert os.waitpid(child, 0)[1] == 0
    stop.set()
    for thread in threads:
        thread.join()
""".replace("import os\n", "import os, warnings\nwarnings.simplefilter('ignore')\n")
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_fork_while_a_watched_array_is_written_to(block: Run) -> None:
    """A child's write never waits for a thread that is only in its parent."""
    ended = block("""
import os, warnings
warnings.simplefilter('ignore')
with gil_demo.guard():
    array = np.zeros(1000)
memset = ctypes.CDLL(None).memset  # without the GIL
memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
stop = threading.Event()
def writer():
    while not stop.is_set():
        memset(address(array), 1, 8)
with gil_demo.watch_writes(array):
    threads = [threading.Thread(target=writer, daemon=True) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(60):
        child = os.fork()
        if child == 0:
            signal.alarm(20)
            array[1] = 5
            os._exit(int(array[1] != 5))
        assert os.waitpid(child, 0)[1] == 0
    stop.set()
    for thread in threads:
        thread.join()
""")
    assert (ended.returncode, ended.stderr) == (0, "")
