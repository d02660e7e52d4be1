"""Runs halves of patterns in children of a warm server process, and brings back how they ended."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from threading import Lock
from typing import Any, Self

from gil_demo.gallery.registry import Subject, subjects
from gil_demo.results import Ending, PatternRow, Spread
from gil_demo.words import Half

Job = tuple[Subject, Half]

CLOSING_SECONDS = 1.0
"""How long a server may take to end by itself."""

ONE_THREAD_EACH = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""A server that forks must have no threads, and NumPy's linear algebra would start some."""


class ServerDied(RuntimeError):
    """The process that starts the children ended unexpectedly."""


class Server:
    """One warm process; it starts a child for each run, one after another."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Start it with additions to the environment, for what must be set before Python starts."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "gil_demo.gallery.server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **ONE_THREAD_EACH, **environment},
            start_new_session=True,
        )
        self._lock = Lock()
        self._ready = False

    def run(self, name: str, half: Half) -> Ending:
        """Run one half in a child and wait for its end."""
        with self._lock:
            if not self._ready:
                self._answer()
                self._ready = True
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps({"name": name, "half": half}) + "\n")
            self._process.stdin.flush()
            answer = self._answer()
        return Ending(name, half, answer["outcome"], answer["evidence"], answer["seconds"])

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise ServerDied(f"the pattern server ended with status {self._process.wait()}")
        return json.loads(line)

    def close(self) -> None:
        """End it, and it ends whatever child it has."""
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


class Sandbox:
    """Several servers side by side; leaving the ``with`` block ends them."""

    def __init__(self, workers: int) -> None:
        """`workers` runs at once."""
        self._workers = workers
        self._idle: dict[tuple[tuple[str, str], ...], list[Server]] = {}
        self._servers: list[Server] = []
        self._lock = Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            server.close()

    def run_all(self, jobs: Sequence[Job], progress: Callable[[int, int], None]) -> list[Ending]:
        """Run every job; the endings are in the order of the jobs."""
        with ThreadPoolExecutor(self._workers) as pool:
            try:
                running = [pool.submit(self._run, subject, half) for subject, half in jobs]
                for done, _ in enumerate(as_completed(running)):
                    progress(done + 1, len(jobs))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                for server in self._servers:
                    server.close()
                raise
            return [one.result() for one in running]

    def _run(self, subject: Subject, half: Half) -> Ending:
        environment = tuple(sorted(subject.environment.items()))
        with self._lock:
            idle = self._idle.setdefault(environment, [])
            server = idle.pop() if idle else None
        if server is None:
            server = Server(subject.environment)
            with self._lock:
                self._servers.append(server)
        try:
            ending = server.run(subject.name, half)
        except ServerDied as error:
            return Ending(subject.name, half, "unfinished", str(error), 0.0)
        with self._lock:
            idle.append(server)
        return ending


def try_patterns(
    jobs: Sequence[Job], workers: int, progress: Callable[[int, int], None]
) -> tuple[PatternRow, ...]:
    """Run every job in a sandbox of its own, and put the endings together.

    `workers` run at once; what is timed runs when they are done, one after another.
    """
    timed = [job for job in jobs if job[0].timed]
    others = [job for job in jobs if not job[0].timed]
    with Sandbox(workers) as box:
        endings = box.run_all(others, lambda done, _: progress(done, len(jobs)))
    with Sandbox(1) as box:
        endings += box.run_all(timed, lambda done, _: progress(len(others) + done, len(jobs)))
    order = {(subject.name, half): place for place, (subject, half) in enumerate(jobs)}
    return tuple(sorted(rows(endings), key=lambda row: order[row.name, row.half]))


def rows(endings: Iterable[Ending]) -> tuple[PatternRow, ...]:
    """The endings, a row for each half of each pattern."""
    grouped: dict[tuple[str, Half], list[Ending]] = {}
    for ending in endings:
        grouped.setdefault((ending.name, ending.half), []).append(ending)
    return tuple(_row(name, half, group) for (name, half), group in grouped.items())


def _row(name: str, half: Half, endings: Sequence[Ending]) -> PatternRow:
    (subject,) = subjects(name)
    expected = subject.expected(half)
    as_expected = [ending for ending in endings if ending.outcome == expected]
    unexpected = [ending for ending in endings if ending.outcome != expected]
    telling = as_expected if half == "unforced" else unexpected
    return PatternRow(
        name=name,
        half=half,
        runs=len(endings),
        expected=expected,
        as_expected=len(as_expected),
        outcomes=dict(Counter(ending.outcome for ending in endings)),
        evidence=(telling or endings)[0].evidence,
        seconds=Spread.of(ending.seconds for ending in endings),
    )
