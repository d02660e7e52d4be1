"""The form of wait-with-gil that the gallery does not run, because a process can hang only once."""

import subprocess
import sys

from gil_demo.host.machine import gil_enabled

JOIN = """
import sys, threading
from gil_demo.native.patterns import patterns
from gil_demo.native.process import die_with_parent

die_with_parent()
first = threading.Thread(target=int)  # without a GIL, 3.13 stops all threads for the first one
first.start()
first.join()
ffi, c = patterns()

def call():
    print("called by the thread of C", flush=True)

join = getattr(c, f"wait_with_gil_{sys.argv[1]}_join")
print("joins", flush=True)
join(ffi.cast("PyObject *", id(call)))
print("joined", flush=True)
"""

TO_THE_END = ["joins", "called by the thread of C", "joined"]

PATIENCE_SECONDS = 1.0


def hangs(half: str) -> bool:
    """Check whether a half must not come to its end here."""
    return half == "unsafe" and gil_enabled()


def output_of(half: str) -> list[str]:
    """Return the lines that the program prints until it ends or hangs."""
    program = subprocess.Popen(
        [sys.executable, "-c", JOIN, half], stdout=subprocess.PIPE, text=True
    )
    with program:
        assert program.stdout is not None
        lines = [program.stdout.readline()]
        try:
            rest, _ = program.communicate(timeout=PATIENCE_SECONDS if hangs(half) else None)
        except subprocess.TimeoutExpired:
            program.kill()
            rest, _ = program.communicate()
        return [line.strip() for line in (*lines, *rest.splitlines())]


def test_a_join_with_the_gil_held_waits_for_a_thread_that_never_gets_it() -> None:
    """The Python function is not called and the join does not return. Without a GIL both do."""
    assert output_of("unsafe") == (["joins"] if hangs("unsafe") else TO_THE_END)


def test_a_join_inside_a_block_returns_when_the_thread_has_called_python() -> None:
    """The thread of C takes the GIL that the joining thread has released."""
    assert output_of("safe") == TO_THE_END
