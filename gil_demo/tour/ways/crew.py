"""Workers that begin at the same moment, and the pipes that start them and bring answers."""

import os
import select
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Self

from gil_demo.errors import Unavailable
from gil_demo.host.threads import submit_all
from gil_demo.interrupts import tidies
from gil_demo.results.run import Span
from gil_demo.tour.ways.worker import work

PATIENCE_SECONDS = 20.0
"""How long a worker may take to answer. What it does takes a fraction of a second."""


@dataclass(frozen=True, slots=True)
class WorkDone:
    """What came of one start: when each worker worked, and what it added up."""

    spans: tuple[Span, ...]
    totals: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Ready:
    """Workers that are ready, and what it took until they were.

    Each call of `work` starts all of them, and returns what came of it: each has then gone
    over its numbers `passes` times.
    """

    start_seconds: float
    work: Callable[[], WorkDone]
    copy_seconds: float | None = None
    passes: int = 1


class Crew:
    """Pipes to and from some workers: one each to start them, one each for their answers.

    Guarantees:
        Leaving the ``with`` block closes every pipe that is still open, whatever happened.
        A worker that waits for a start reads the end of its pipe once it is dismissed, and
        ends. One that has died is noticed where its pipes belong to a process of its own:
        its answer is then the end of its pipe, and a living one has `PATIENCE_SECONDS`.
        Only one thread may use a crew. Workers in threads must have ended before the block
        is left, because they write to pipes that this process would close under them.

    Pipes, and not queues of `multiprocessing`: interpreters that cannot load NumPy, and
    processes without site packages, read and write them with ``os`` alone.
    """

    def __init__(self, workers: int) -> None:
        """Open the pipes for this many workers."""
        self._open: set[int] = set()
        try:
            starts = [self._pipe() for _ in range(workers)]
            answers = [self._pipe() for _ in range(workers)]
        except OSError as error:
            self._close(self._open)
            raise Unavailable(f"no pipe could be opened: {error.strerror}") from error
        self.workers = workers
        self.starts, self._start_ends = [end for end, _ in starts], [end for _, end in starts]
        self._answer_ends, self.answers = [end for end, _ in answers], [end for _, end in answers]

    def __enter__(self) -> Self:
        return self

    @tidies
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

    def close_worker_ends(self) -> None:
        """Close the ends to answer on, once processes have inherited them.

        A process that ends then ends its answers as well, and `read_answer` notices.
        """
        self._close(self.answers)

    def dismiss(self) -> None:
        """Close the pipes that start the workers, at which they end."""
        self._close(self._start_ends)

    def read_answer(self, worker: int) -> list[str]:
        """Read the parts of a worker's next answer. Raises `Unavailable` if none comes."""
        waiting = select.poll()
        waiting.register(self._answer_ends[worker], select.POLLIN)
        if not waiting.poll(PATIENCE_SECONDS * 1000):
            raise Unavailable("a worker did not answer")
        answer = os.read(self._answer_ends[worker], select.PIPE_BUF)
        if not answer:
            raise Unavailable("a worker ended before it had answered")
        return answer.decode().split()

    @contextmanager
    def ready(self, began_ns: int) -> Iterator[Ready]:
        """Wait until all are ready; at the end of the block they are dismissed.

        Raises `Unavailable`, and so does their work.
        """
        try:
            ready_ns = max(int(self.read_answer(worker)[0]) for worker in range(self.workers))
            yield Ready((ready_ns - began_ns) / 1e9, self._work)
        finally:
            self.dismiss()

    def _work(self) -> WorkDone:
        for start in self._start_ends:
            os.write(start, b".")
        answers = [self.read_answer(worker) for worker in range(self.workers)]
        return WorkDone(
            tuple(
                Span("held", thread, int(enter), int(leave))
                for thread, (enter, leave, _) in enumerate(answers, start=1)
            ),
            tuple(float(total) for _, _, total in answers),
        )


@contextmanager
def in_threads(parts: Sequence[memoryview]) -> Iterator[Ready]:
    """Sum each part in a thread of its own. Raises `Unavailable`."""
    with Crew(len(parts)) as crew, ThreadPoolExecutor(len(parts)) as pool:
        began_ns = time.monotonic_ns()
        try:
            _start_threads(pool, parts, crew)
            with crew.ready(began_ns) as ready:
                yield ready
        finally:
            crew.dismiss()


def _start_threads(pool: ThreadPoolExecutor, parts: Sequence[memoryview], crew: Crew) -> None:
    ends = zip(parts, crew.starts, crew.answers, strict=True)
    try:
        submit_all(pool, [partial(work, *one) for one in ends])
    except OSError as error:
        raise Unavailable(f"no thread could be started: {error.strerror}") from error
