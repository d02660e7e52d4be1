"""A half that expects a deadlock, and then does something else, in a child of this process.

It is a process of its own, because the sandbox forks, and only a process of one thread may:

    python -m tests.sandbox.pretending {sleep,spin,stop,lock,unseen}
"""

import json
import os
import signal
import sys
import threading
import time
from dataclasses import asdict

from gil_demo.gallery import registry
from gil_demo.lab.lab import Lab
from gil_demo.results.patterns import Finding
from gil_demo.sandbox import server, waiting
from gil_demo.words import Half


def sleep() -> None:
    """Sleep for a while."""
    time.sleep(0.6)


def spin() -> None:
    """Compute for a while."""
    until = time.thread_time() + 0.4
    while time.thread_time() < until:
        pass


def stop() -> None:
    """Be stopped for a while, by a child that goes on."""
    me = os.getpid()
    if os.fork() == 0:
        os.kill(me, signal.SIGSTOP)
        time.sleep(0.6)
        os.kill(me, signal.SIGCONT)
        os._exit(0)
    time.sleep(0.05)
    os.wait()


def lock() -> None:
    """Wait for a lock that nobody releases."""
    mine = threading.Lock()
    mine.acquire()
    mine.acquire()


def unseen() -> None:
    """Sleep where the system tells nothing of a process's threads."""
    time.sleep(0.6)


WAYS = {function.__name__: function for function in (sleep, spin, stop, lock, unseen)}


class Pretending:
    """A subject whose unsafe half expects a deadlock, and then does what it is told."""

    def run(self, half: Half, lab: Lab) -> Finding:
        """Say it, and do it."""
        assert half == "unsafe"
        lab.expect_deadlock("each waited for the other")
        WAYS[sys.argv[1]]()
        return Finding("ok", "it went on")


if __name__ == "__main__":
    registry.subjects = lambda name: (Pretending(),)  # type: ignore[assignment,return-value]  # a part of a subject
    server._input_ended = lambda: False
    if sys.argv[1] == "unseen":
        waiting.can_be_seen = lambda: False
    json.dump(asdict(server.answer("pretending", "unsafe")), sys.stdout)
