"""Taking the stack of every hold neither crashes a program nor leaks, whatever its frames do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("watchable")

SCRIPT = Path(__file__).with_name("stack_stress.py")
SECONDS = 3


@pytest.mark.parametrize(
    ("options", "environment"),
    [((), {}), (("-X", "dev"), {}), ((), {"PYTHONMALLOC": "debug"})],
    ids=["plain", "dev mode", "debug allocator"],
)
def test_every_stack_is_a_true_one(options: tuple[str, ...], environment: dict[str, str]) -> None:
    """Recursion, generators, coroutines, exceptions, exec, callbacks, finalizers, short threads."""
    ended = subprocess.run(
        [sys.executable, *options, str(SCRIPT), str(SECONDS)],
        env={**os.environ, **environment, "PYTHONASYNCIODEBUG": ""},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    told = dict(word.split("=") for word in ended.stdout.split())
    assert int(told["events"]) > 10_000
    assert int(told["compared"]) > 20
    assert int(told["references"]) == 0
    assert float(told["megabytes"]) < 30
