"""Workers that begin at the same moment, and the pipes over which one speaks with them."""

import os
import select
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

from gil_demo.errors import Unavailable
from gil_demo.results.run import Span
from gil_demo.tour.ways.worker import work

PATIENCE_SECONDS = 20.0
"""How long a worker may take to answer. What it does takes a fraction of a second."""


@dataclass(frozen=True, slots=True)
class WorkDone:
    """When each worker worked at one word, and what it added up."""

    spans: tuple[Span, ...]
    totals: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Ready:
    """Workers that are ready, and what it took until they were.

    Each call of `work` is a word to all of them, and tells what came of it: each has then
    gone over its numbers `passes` times.
    """

    start_seconds: float
    work: Callable[[], WorkDone]
    copy_seconds: float | None = None
    passes: int = 1


class Crew:
    """Pipes to and from some workers: one each for the words, one each for the answers.

    Leaving the ``with`` block closes them all. Workers in this process must have ended by
    then, as they do when they are dismissed.
    """

    def __init__(self, workers: int) -> None:
        """Open the pipes for this many workers."""
        self._open: set[int] = set()
        try:
            words = [self._pipe() for _ in range(workers)]
            answers = [self._pipe() for _ in range(workers)]
        except OSError as error:
            self._close(self._open)
            raise Unavailable(f"no pipe could be opened: {error.strerror}") from error
        self.workers = workers
        self.go, self._words = [end for end, _ in words], [end for _, end in words]
        self._ears, self.answers = [end for end, _ in answers], [end for _, end in answers]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close(self._open)

    def _pipe(self) -> tuple[int, int]:
        ends = os.pipe()
        self._open.update(ends)
        return ends

    def _close(self, ends: Iterable[int]) -> None:
        for end in self._open.intersection(ends):
            self._open.discard(end)
            os.close(end)

    def is_elsewhere(self) -> None:
        """Close this process's copies of the workers' ends, because they run in other processes."""
        self._close(self.answers)

    def dismiss(self) -> None:
        """Tell the workers to end."""
        self._close(self._words)

    def hear(self, worker: int) -> list[str]:
        """The parts of a worker's next answer. Raises `Unavailable` if none comes."""
        ear = select.poll()
        ear.register(self._ears[worker], select.POLLIN)
        if not ear.poll(PATIENCE_SECONDS * 1000):
            raise Unavailable("a worker did not answer")
        answer = os.read(self._ears[worker], select.PIPE_BUF)
        if not answer:
            raise Unavailable("a worker ended before it had answered")
        return answer.decode().split()

    @contextmanager
    def ready(self, began_ns: int) -> Iterator[Ready]:
        """Wait until all are ready; at the end of the block they are dismissed.

        Raises `Unavailable`, and so does their work.
        """
        try:
            ready_ns = max(int(self.hear(worker)[0]) for worker in range(self.workers))
            yield Ready((ready_ns - began_ns) / 1e9, self._work)
        finally:
            self.dismiss()

    def _work(self) -> WorkDone:
        for word in self._words:
            os.write(word, b".")
        answers = [self.hear(worker) for worker in range(self.workers)]
        return WorkDone(
            tuple(
                Span("held", thread, int(enter), int(leave))
                for thread, (enter, leave, _) in enumerate(answers, start=1)
            ),
            tuple(float(total) for _, _, total in answers),
        )


@contextmanager
def in_threads(parts: Sequence[memoryview]) -> Iterator[Ready]:
    """The sum of each part, in a thread of its own. Raises `Unavailable`."""
    with Crew(len(parts)) as crew, ThreadPoolExecutor(len(parts)) as pool:
        began_ns = time.monotonic_ns()
        try:
            _start_threads(pool, parts, crew)
            with crew.ready(began_ns) as ready:
                yield ready
        finally:
            crew.dismiss()


def _start_threads(pool: ThreadPoolExecutor, parts: Sequence[memoryview], crew: Crew) -> None:
    try:
        for part, go, answers in zip(parts, crew.go, crew.answers, strict=True):
            pool.submit(work, part, go, answers)
    except RuntimeError as error:
        raise Unavailable(f"no thread could be started: {error}") from error
