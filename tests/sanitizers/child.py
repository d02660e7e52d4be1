"""What runs with a sanitizer preloaded: both halves of a pattern, each run in a child of its own.

`child.py NAME UNSAFE_RUNS SAFE_RUNS` prints one JSON document: for each half, and each of
its runs, how the run ended and what was written to standard error meanwhile. It takes the
place of the gallery's server, and forks while it has one thread, as that does. Its
standard input stays open for as long as anybody wants the answer.
"""

import json
import sys
from unittest import mock

import numpy as np

from gil_demo.gallery import registry
from gil_demo.lab.lab import Lab
from gil_demo.sandbox import postmortem, server
from gil_demo.words import Half

DEADLOCK_SECONDS = 5.0


def main(name: str, unsafe_runs: int, safe_runs: int) -> None:
    """Run both halves, so and so often.

    Array data are left to malloc, which the sanitizer watches: in guarded pages a use
    after free would be a bare SIGSEGV. A race that can be left to chance is run so,
    because the handshake that forces it also orders the threads. A deadlock is stopped soon:
    the sanitizer's own thread runs, so nobody sees from outside that the others cannot.
    """
    registry.load_all()
    # gcc 12's ThreadSanitizer ends some children ("failed to allocate") if their first array is
    # the first of its size in their parent, too.
    first = np.ones(1)
    pattern = registry.find(name)
    unsafe: Half = "unforced" if pattern.has_unforced else "unsafe"
    with (
        mock.patch.object(Lab, "guard", _leave_to_malloc),
        mock.patch.object(postmortem, "judge", wraps=postmortem.judge) as judge,
    ):

        def run(half: Half) -> tuple[str, str]:
            ending = server.answer(name, half)
            errors: str = judge.call_args.args[3]
            return ending.outcome, errors

        answer = {"safe": [run("safe") for _ in range(safe_runs)]}
        if pattern.expected("unsafe") == "deadlock":
            server.TIME_LIMIT_SECONDS = DEADLOCK_SECONDS
        answer["unsafe"] = [run(unsafe) for _ in range(unsafe_runs)]
    del first
    print(json.dumps(answer))


def _leave_to_malloc(_: Lab) -> None:
    """In place of the guarded allocator."""


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
