"""Children of the sandbox run what they are given; nothing of them is left, whatever happens."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command_line import Command

from gil_demo.gallery import registry
from gil_demo.host.interpreter import python_command
from gil_demo.results.patterns import Death
from gil_demo.sandbox import pool


def gil_demo(*arguments: str, **options: object) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-m", "gil_demo", *arguments], **options)  # type: ignore[call-overload, no-any-return]  # options as Popen has them


def descendants(process: int) -> set[int]:
    """All processes below one, as the system lists them."""
    listing = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
    ).stdout
    parents = {int(pid): int(parent) for pid, parent in map(str.split, listing.splitlines())}
    below = {process}
    while grown := {pid for pid, parent in parents.items() if parent in below} - below:
        below |= grown
    return below - {process}


def the_server_of(box: pool.Sandbox) -> int:
    """Have one task run, and return the process that did; other tests may have left children."""
    before = descendants(os.getpid())
    box.run_all([(registry.find("header-read"), "safe")], lambda done, steps: None)
    (server,) = filter(exists, descendants(os.getpid()) - before)
    return server


def exists(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_server_whose_parent_is_gone_says_nothing() -> None:
    """It has nobody to tell, and must not write a traceback over somebody's terminal."""
    server = subprocess.Popen(
        python_command(pool.SERVE),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert server.stdout is not None
    server.stdout.close()
    _, errors = server.communicate()
    assert b"Traceback" not in errors


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_when_the_command_dies_nothing_is_left_running(how: signal.Signals) -> None:
    """Servers and children are gone soon after their parent, however it died."""
    command = gil_demo(
        "try", "--all", "--repeat", "1000", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 120
        while len(family := descendants(command.pid)) < 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(family) >= 3
        command.send_signal(how)
        command.wait(60)
        while any(map(exists, family)) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert [process for process in family if exists(process)] == []
    finally:
        command.kill()


EVERY_POINT = """
import faulthandler, os, signal, sys
from gil_demo.interrupts import interrupts_caught
from gil_demo.results.patterns import Ending, Finding
from gil_demo.sandbox.pool import Sandbox

Sandbox._run = lambda *_: Ending(Finding("ok", "stood in"), 0.0)

def interrupted(point):
    lines = 0
    def trace(frame, event, _):
        nonlocal lines
        if "/concurrent/" in frame.f_code.co_filename or frame.f_code.co_name in named:
            lines += event == "line"
            if lines == point and event == "line":
                os.kill(os.getpid(), signal.SIGINT)
        return trace
    sys.settrace(trace)
    try:
        with interrupts_caught() as check, Sandbox(2) as box:
            box.run_all([(None, "safe")] * 5, lambda done, total: check())
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(None)
    return lines >= point and print("lost at", point)

named = {"__enter__", "__exit__", "release", "acquire"}
faulthandler.dump_traceback_later(40, exit=True)
point = 1
while interrupted(point):
    point += 1
print(point > 100)
"""


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_among_the_locks_of_a_pool_ends_the_command(python: Command) -> None:
    """It may come before any line that gives jobs to the pool or waits for them."""
    ended = python(EVERY_POINT)
    assert ended.stdout.splitlines() == ["True"], ended.stderr


def test_children_leave_no_file_behind(tmp_path: Path) -> None:
    """No core file, even where the system would write one, and no temporary file."""
    temporary = tmp_path / "temporary"
    folder = tmp_path / "folder"
    temporary.mkdir()
    folder.mkdir()
    command = gil_demo(
        "try",
        "borrowed-reference",
        "--json",
        cwd=folder,
        env={**os.environ, "TMPDIR": str(temporary)},
        preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2
        ),
        stdout=subprocess.PIPE,
    )
    output, _ = command.communicate(timeout=60)
    rows = json.loads(output)["patterns"]
    assert [list(row["outcomes"]) for row in rows] == [["crash"], ["ok"]]
    assert list(folder.iterdir()) == []
    assert list(temporary.iterdir()) == []


def test_a_server_that_died_costs_one_task() -> None:
    """The ending of that task says so, and the next task gets another server."""
    subject = registry.find("header-read")
    with pool.Sandbox(1) as box:
        server = the_server_of(box)
        os.kill(server, signal.SIGKILL)
        os.waitid(os.P_PID, server, os.WEXITED | os.WNOWAIT)  # it is dead now, and still a child
        first, second = box.run_all([(subject, "safe")] * 2, lambda done, steps: None)
    assert isinstance(first.left, Death)
    assert (first.outcome, first.left.cause) == ("unfinished", "no-result")
    assert first.left.error == "the pattern server ended with status -9"
    assert second.outcome == "ok"


def test_a_server_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped by somebody, say: it is ended, and the ending of its task says so."""
    subject = registry.find("header-read")
    with pool.Sandbox(1) as box:
        server = the_server_of(box)
        os.kill(server, signal.SIGSTOP)
        monkeypatch.setattr(pool, "PATIENCE_SECONDS", 1)
        (ending,) = box.run_all([(subject, "safe")], lambda done, steps: None)
        assert isinstance(ending.left, Death)
        assert ending.left.error == "the pattern server did not answer"
    assert not exists(server)
