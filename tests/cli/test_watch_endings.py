"""Whatever a program does, it ends under `gil-demo watch` as it ends without."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

pytestmark = pytest.mark.usefixtures("watchable")

Command = Callable[..., CompletedProcess[str]]
Watched = Callable[..., tuple[CompletedProcess[str], dict[str, Any]]]

COVERED = """\
import sys, threading
seen = set()
def note(code, line):
    if code.co_filename == __file__:
        seen.add(line)
def work():
    for number in range(300):
        if number > 400:
            never = 1
if hasattr(sys, "monitoring"):  # how coverage.py measures, from 3.12 on and before
    tool, events = sys.monitoring.COVERAGE_ID, sys.monitoring.events
    sys.monitoring.use_tool_id(tool, "cover")
    sys.monitoring.register_callback(tool, events.LINE, note)
    sys.monitoring.set_events(tool, events.LINE)
else:
    def trace(frame, event, value):
        note(frame.f_code, frame.f_lineno)
        return trace
    threading.settrace(trace)
threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(sorted(seen & {*range(6, 10)}))
sys.exit(3)
"""

ENDS = {
    "exit code": ("import sys; print(1); sys.exit(5)", 5),
    "exit message": ("import sys; sys.exit('enough')", 1),
    "exception": ("print(1)\n1 / 0", 1),
    "os._exit": ("import os, sys; print(1, flush=True); os._exit(9)", 9),
    "killed": ("import os; os.kill(os.getpid(), 9)", -9),
    "terminated": ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", -15),
    "ctrl-c": ("import os, signal; os.kill(os.getpid(), signal.SIGINT)", -2),
    "fork": (
        "import os\nchild = os.fork()\nchild and os.waitpid(child, 0)\n"
        "print('parent' if child else 'child', flush=True)",
        0,
    ),
    "exec": ("import os, sys; os.execv(sys.executable, [sys.executable, '-c', 'print(2)'])", 0),
    "daemon threads": (
        "import threading, time\n"
        "for _ in range(5): threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
        "print('done')",
        0,
    ),
    "daemons in C": (
        "import threading, hashlib\n"
        "def work():\n    while True: hashlib.sha256(bytes(100_000))\n"
        "for _ in range(3): threading.Thread(target=work, daemon=True).start()\n"
        "import time; time.sleep(0.05); print('done')",
        0,
    ),
    "300 threads": (
        "import threading, time\n"
        "ts = [threading.Thread(target=time.sleep, args=(0.05,)) for _ in range(300)]\n"
        "for t in ts: t.start()\nfor t in ts: t.join()\nprint(len(ts))",
        0,
    ),
    "settrace": (
        "import sys, threading\nseen = []\nsys.settrace(lambda *a: seen.append(a[1]))\n"
        "def f(): return 1\nf()\nsys.settrace(None)\nprint(len(seen))",
        0,
    ),
    "coverage": (COVERED, 3),
    "faulthandler": (
        "import faulthandler, time\nfaulthandler.enable()\n"
        "faulthandler.dump_traceback_later(60)\ntime.sleep(0.01)\n"
        "faulthandler.cancel_dump_traceback_later()\nprint('ok')",
        0,
    ),
    "multiprocessing": (
        "import multiprocessing as m\ndef f(x): return x + 1\n"
        "if __name__ == '__main__':\n"
        "    for how in ('fork', 'spawn'):\n"
        "        p = m.get_context(how).Pool(2)\n"
        "        print(p.map(f, [1, 2]))\n"
        "        p.close(), p.join()  # leaving a with block can hang: cpython#78178\n",
        0,
    ),
    "asyncio": (
        "import asyncio, hashlib\nasync def main():\n"
        "    loop = asyncio.get_running_loop()\n"
        "    d = await asyncio.gather(*(loop.run_in_executor(None, hashlib.sha256, bytes(10**6))"
        " for _ in range(8)))\n    print(len({x.hexdigest() for x in d}))\nasyncio.run(main())",
        0,
    ),
    "numpy in a pool": (
        "import numpy as np\nfrom concurrent.futures import ThreadPoolExecutor\n"
        "a = np.arange(300_000.0)\nwith ThreadPoolExecutor(3) as p:\n"
        "    print(sum(p.map(lambda k: float(np.sort(a * k)[-1]), range(6))))",
        0,
    ),
    "click": (
        "import click\n@click.command()\n@click.pass_context\n"
        "def main(context): print(context.info_name, context.parent)\n"
        "print(click.get_current_context(silent=True))\nmain(['x'][1:])",
        0,
    ),
    "closed output": ("import sys; sys.stdout.close(); sys.stderr.close()", 0),
    "own stdout": ("import io, sys; sys.stdout = io.StringIO(); print(1); sys.exit(4)", 4),
}


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("name", ENDS)
def test_a_program_ends_as_without_the_watch(name: str, process: Command, tmp_path: Path) -> None:
    """The same standard output, and the same exit code or signal."""
    text, code = ENDS[name]
    (tmp_path / "program.py").write_text(text)
    plain = subprocess.run(
        [sys.executable, "program.py"], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    ended = process("watch", "program.py")
    assert (ended.stdout, ended.returncode) == (plain.stdout, plain.returncode)
    assert ended.returncode == code
    assert "gil_demo/" not in ended.stderr.replace("gil_demo/_", ""), "a traceback of ours"


def test_a_program_is_watched_until_its_last_thread_has_ended(watched: Watched) -> None:
    """As Python itself waits for threads that are no daemons, and then calls exit functions."""
    ended, seen = watched(
        "import atexit, threading, time\n"
        "def late():\n    time.sleep(0.3)\n    print('late')\n"
        "atexit.register(print, 'exit')\n"
        "threading.Thread(target=late, name='late').start()\n"
        "print('main')\n"
    )
    assert ended.stdout.split() == ["main", "late", "exit"]
    assert seen["seconds"] >= 0.3
    assert "late" in {row["name"] for row in seen["threads"]}


def test_a_program_may_deal_with_sigterm_itself(watched: Watched) -> None:
    """Its own handler takes the place of ours, and is what SIGTERM finds."""
    ended, _ = watched(
        "import os, signal\n"
        "signal.signal(signal.SIGTERM, lambda *_: print('stopped'))\n"
        "os.kill(os.getpid(), signal.SIGTERM)\n"
    )
    assert (ended.stdout, ended.returncode) == ("stopped\n", 0)


def test_children_are_said_not_to_be_watched(watched: Watched) -> None:
    """A fork leaves a note, and one report only."""
    ended, seen = watched("import os\nchild = os.fork()\nchild and os.waitpid(child, 0)\n")
    assert ended.stderr.count("gil-demo watch:") == 1
    assert "Child processes are not watched" in ended.stderr
    assert seen["children"] is True


def test_http_server_answers_under_the_watch(tmp_path: Path) -> None:
    """`-m http.server`, ended by Ctrl-C, reports all the same."""
    (tmp_path / "page.txt").write_text("hello")
    server = subprocess.Popen(
        [sys.executable, "-u", "-m", "gil_demo", "watch", "-m", "http.server", "0"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert server.stdout is not None
    try:
        port = server.stdout.readline().split(" port ")[1].split()[0]
        from urllib.request import urlopen

        for _ in range(5):
            with urlopen(f"http://127.0.0.1:{port}/page.txt", timeout=20) as answer:
                assert answer.read() == b"hello"
    finally:
        time.sleep(0.2)
        os.kill(server.pid, signal.SIGINT)
        output, errors = server.communicate(timeout=30)
    assert "Keyboard interrupt received, exiting." in output
    assert "-m http.server 0 ended with exit code 0." in errors
    assert server.returncode == 0
