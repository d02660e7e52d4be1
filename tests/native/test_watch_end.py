"""Threads that are about to ask for the GIL when a watch ends."""

import shutil
import subprocess
import sysconfig
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

pytestmark = pytest.mark.usefixtures("watchable")

Command = Callable[..., CompletedProcess[str]]

SOURCES = Path(__file__).parents[2] / "csrc"

BEFORE_NOTING = "    me.asked = now();\n    atomic_store_explicit(&watch.threads"
SLOWLY = "    for (volatile int i = 0; i < 300000; i++)\n        ;\n"

MANY_WATCHES = """
import importlib.util, sys, threading, time

import pytest
spec = importlib.util.spec_from_file_location("gil_demo._watch", sys.argv[1])
watch = importlib.util.module_from_spec(spec)
spec.loader.exec_module(watch)

ended = False

def hand_over():
    while not ended:
        time.sleep(0)

threads = [threading.Thread(target=hand_over) for _ in range(6)]
for thread in threads:
    thread.start()
for _ in range(100):
    watch.start(0, 0)
    watch.stop()
    watch.forget()
    watch.hold_gil(0.005)  # what is written now has nowhere to go
ended = True
for thread in threads:
    thread.join()
print("all well")
"""


def test_no_thread_writes_to_the_memory_of_a_watch_that_is_over(
    python: Command, tmp_path: Path
) -> None:
    """Even if each is slow between its look at the flag and its note in its row."""
    for folder in ("watch", "common"):
        shutil.copytree(SOURCES / folder, tmp_path / folder)
    source = tmp_path / "watch" / "handovers.c"
    text = source.read_text()
    assert text.count(BEFORE_NOTING) == 1
    source.write_text(text.replace(BEFORE_NOTING, SLOWLY + BEFORE_NOTING))
    library = tmp_path / "_watch.so"
    subprocess.run(
        [
            *["cc", "-std=c11", "-O1", "-fPIC", "-shared", "-pthread", "-o", str(library)],
            *[f"-I{sysconfig.get_path('include')}", f"-I{tmp_path}"],
            *map(str, sorted(source.parent.glob("*.c"))),
        ],
        check=True,
    )
    ended = python(MANY_WATCHES, str(library))
    assert ended.stdout == "all well\n", ended.stderr
