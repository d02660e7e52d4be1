"""In a child nobody collects garbage but a half that says so: the collection could wait for C."""

import subprocess
import sys

PROGRAM = """
import gc

from gil_demo.gallery import registry
from gil_demo.results.patterns import Finding
from gil_demo.sandbox import server


class Subject:
    def run(self, half, lab):
        begun = []
        gc.callbacks.append(lambda phase, info: begun.append(phase))
        kept = [[] for _ in range(200_000)]
        return Finding("wrong-value" if begun else "ok", "objects were made")


registry.subjects = lambda name: (Subject(),)
server._input_ended = lambda: False
print(server.answer("subject", "safe").left.outcome)
"""


def test_objects_that_a_half_makes_cause_no_collection() -> None:
    """Without a GIL, C that waits attached for another thread would be waited for by it."""
    child = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=False
    )
    assert (child.stdout, child.stderr) == ("ok\n", "")
