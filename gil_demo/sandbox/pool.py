"""Runs halves of patterns in children of warm server processes, and returns how they ended."""

import json
import os
import select
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from errno import EAGAIN
from functools import partial
from queue import SimpleQueue
from threading import Lock
from typing import Any, Self

from gil_demo.files import nameless_file, printable
from gil_demo.gallery.subject import Subject
from gil_demo.host.interpreter import python_command
from gil_demo.host.threads import submit_all
from gil_demo.interrupts import tidies
from gil_demo.limits import ONE_THREAD_EACH
from gil_demo.progress import Progress
from gil_demo.results.patterns import Death, Ending
from gil_demo.results.reading import read
from gil_demo.words import Half

Task = tuple[Subject, Half]
"""A half of a subject, to be run once."""

SERVE = "from gil_demo.sandbox.server import serve; serve()"
"""The program of a server."""

PATIENCE_SECONDS = 90
"""How long a server may take to answer: three times as long as it lets a half run."""

CLOSING_SECONDS = 1.0
"""How long a server may take to end by itself."""


class ServerDied(RuntimeError):
    """The process that starts the children ended unexpectedly."""


class Server:
    """The client of one `gil_demo.sandbox.server` process.

    Guarantees: several threads may call `run`, and one at a time has its turn. `close` may
    be called while another thread is in `run`; that call then raises. When `close` returns the
    process is gone. It ends its child first; where it is killed because that takes too long,
    Linux kills the child too. Ctrl-C reaches neither: they are in a session of their own.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Start the process, with additions to the environment that Python reads as it starts."""
        self._errors = nameless_file()
        self._process = subprocess.Popen(
            python_command(SERVE),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            encoding="ascii",
            env={**os.environ, **ONE_THREAD_EACH, **environment},
            start_new_session=True,
        )
        self._lock = Lock()
        self._ready = False

    def run(self, name: str, half: Half) -> Ending:
        """Run one half in a child, wait for its end, and return how it ended."""
        with self._lock:
            if not self._ready:
                self._answer()
                self._ready = True
            assert self._process.stdin is not None
            with suppress(BrokenPipeError):  # it is dead: it will not answer
                self._process.stdin.write(json.dumps({"name": name, "half": half}) + "\n")
                self._process.stdin.flush()
            answer = self._answer()
        if "refused" in answer:
            raise OSError(EAGAIN, f"cannot run a pattern in a child process: {answer['refused']}")
        return read(Ending, answer)

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        waiting = select.poll()
        waiting.register(self._process.stdout)
        if not any(waiting.poll(1000) for _ in range(PATIENCE_SECONDS)):
            self._process.kill()
            raise ServerDied("the pattern server did not answer")
        line = self._process.stdout.readline()
        if not line:
            status = self._process.wait()
            raise ServerDied(f"the pattern server ended with status {status}{self._last_words()}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _last_words(self) -> str:
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").split("\n")
        return f": {printable(lines[-2])}" if lines[1:] else ""

    def close(self) -> None:
        """End the process; it ends its child first, if it has one."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        if not self._ready:  # it is still loading modules, and has no child yet
            self._process.kill()
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(CLOSING_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._errors.close()


class Sandbox:
    """Several servers side by side, as many as run at once for each environment.

    Guarantees: a server runs one task at a time, and is used again for tasks that need the
    same environment. A server that dies costs the one task that it had. When the ``with``
    block is left, by whatever exception, no server and no child is left either.
    """

    def __init__(self, workers: int) -> None:
        """Allow `workers` runs at once. No process is started yet."""
        self._workers = workers
        self._idle: dict[tuple[tuple[str, str], ...], list[Server]] = {}
        self._servers: list[Server] = []
        self._closed = False
        self._lock = Lock()

    def __enter__(self) -> Self:
        return self

    @tidies
    def __exit__(self, *_: object) -> None:
        self._closed = True
        for server in self._servers:
            server.close()

    def run_all(self, tasks: Sequence[Task], progress: Progress) -> list[Ending]:
        """Run every task, and return the endings in the order of the tasks.

        Raises OSError where the system has no thread or no process to give.
        """
        # A future has a lock, which an interrupt of who waits for it can leave locked.
        ended: SimpleQueue[tuple[int, Ending | BaseException]] = SimpleQueue()
        endings: dict[int, Ending] = {}

        def run(place: int) -> None:
            try:
                ended.put((place, self._run(*tasks[place])))
            except BaseException as error:
                ended.put((place, error))

        with ThreadPoolExecutor(self._workers) as pool:
            try:
                submit_all(pool, [partial(run, place) for place in range(len(tasks))])
                for done in range(len(tasks)):
                    place, ending = ended.get()
                    if isinstance(ending, BaseException):
                        raise ending
                    endings[place] = ending
                    progress(done + 1, len(tasks))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                self.__exit__()
                raise
        return [endings[place] for place in range(len(tasks))]

    def _run(self, subject: Subject, half: Half) -> Ending:
        environment = tuple(sorted(subject.environment.items()))
        with self._lock:
            idle = self._idle.setdefault(environment, [])
            server = idle.pop() if idle else None
        if server is None:
            try:
                server = Server(subject.environment)
            except BlockingIOError as error:
                raise OSError(EAGAIN, f"cannot start a process: {error.strerror}") from error
            self._servers.append(server)
            if self._closed:  # while the process was being started
                server.close()
        try:
            ending = server.run(subject.name, half)
        except ServerDied as error:
            return Ending(Death("unfinished", "no-result", error=str(error)), 0.0)
        with self._lock:
            idle.append(server)
        return ending
