"""Workers that are interpreters of one process, each with a GIL of its own.

The process is a child: 3.12 and 3.13 have such interpreters for C code and under private
names only, and whatever goes wrong with them there does no harm here.
"""

import inspect
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from gil_demo.errors import Unavailable
from gil_demo.tour.ways import interpreter_host
from gil_demo.tour.ways.crew import Crew, Ready
from gil_demo.tour.ways.processes import Part, child, worker_script


@contextmanager
def in_interpreters(file: int, parts: Sequence[Part]) -> Iterator[Ready]:
    """Sum each part of a file in an interpreter of its own. Raises `Unavailable`.

    That their process had to be started first is not counted.
    """
    if sys.version_info < (3, 12):
        raise Unavailable("a GIL for each came with Python 3.12 (PEP 684)")
    with Crew(len(parts)) as crew, Crew(1) as host:
        scripts = [
            worker_script(file, part, starts, answers)
            for part, starts, answers in zip(parts, crew.starts, crew.answers, strict=True)
        ]
        source = inspect.getsource(interpreter_host)
        script = f"{source}\n\nrun_side_by_side({scripts!r}, {host.answers[0]})\n"
        with child(script, [file, *crew.starts, *crew.answers, *host.answers]):
            for one in (crew, host):
                one.close_worker_ends()
            began_ns = int(host.read_answer(0)[0])
            with crew.ready(began_ns) as ready:
                yield ready
