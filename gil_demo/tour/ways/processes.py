"""Workers that are processes, and what it takes to let them see the numbers."""

import inspect
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress

import numpy as np
from numpy.typing import NDArray

from gil_demo.errors import Unavailable
from gil_demo.files import nameless_file
from gil_demo.tour.ways import worker
from gil_demo.tour.ways.crew import Crew, Ready

CLOSING_SECONDS = 1.0
"""How long a process that has answered may take to end by itself."""

Part = tuple[int, int]
"""The first number of a part, and the first one after it."""


@contextmanager
def shared(array: NDArray[np.float64]) -> Iterator[tuple[int, float]]:
    """Copy an array to a file in memory; return it and the seconds that copying took.

    A process that inherits the open file can map it. The file has no name, so nothing
    remains of it when the last process has closed it. Raises `Unavailable`.
    """
    with ExitStack() as open_files:
        try:
            file = open_files.enter_context(nameless_file())
            began = time.monotonic()
            file.write(memoryview(array))
            file.flush()
        except OSError as error:
            raise Unavailable(f"no memory could be shared: {error.strerror}") from error
        yield file.fileno(), time.monotonic() - began


def worker_script(file: int, part: Part, starts: int, answers: int) -> str:
    """Return the script of a worker that has nothing but an interpreter."""
    source = inspect.getsource(worker)
    return f"{source}\n\nwork_on_file({file}, {part[0]}, {part[1]}, {starts}, {answers})\n"


@contextmanager
def child(script: str, inherited: Sequence[int]) -> Iterator[None]:
    """Start a Python process that runs a script and inherits some open files.

    It loads no site packages, so it starts fast. It stays in this session: Linux may share
    out the cores among sessions first, and then the work in another one could not be
    compared with that in this. At the end of the block it has a moment to end by itself;
    if the block fails, it has none. Raises `Unavailable`.
    """
    if not sys.executable:
        raise Unavailable("it is not known which program runs this Python")
    try:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", script],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=inherited,
            process_group=0,  # Ctrl-C is for this process to deal with
        )
    except OSError as error:
        raise Unavailable(f"no process could be started: {error.strerror}") from error
    try:
        yield
        with suppress(subprocess.TimeoutExpired):
            process.wait(CLOSING_SECONDS)
    finally:
        process.kill()
        process.wait()


@contextmanager
def in_processes(file: int, parts: Sequence[Part]) -> Iterator[Ready]:
    """Sum each part of a file in a process of its own. Raises `Unavailable`."""
    with Crew(len(parts)) as crew, ExitStack() as children:
        began_ns = time.monotonic_ns()
        for part, starts, answers in zip(parts, crew.starts, crew.answers, strict=True):
            script = worker_script(file, part, starts, answers)
            children.enter_context(child(script, [file, starts, answers]))
        crew.close_worker_ends()
        with crew.ready(began_ns) as ready:
            yield ready
