"""``python -m tests.benchmarks.samplers``: who tells the truth about known duty cycles?

The same cycles are told by the hand-overs, by gilknocker and by ``py-spy record --gil``, in
interleaved rounds. The C that makes the cycles stamps the truth of each.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path

from gil_demo.measuring.rounds import interleaved
from gil_demo.native import handovers
from gil_demo.report.kit.columns import Column, FittingTable
from gil_demo.report.kit.screen import screen
from gil_demo.watching import timeline
from gil_demo.watching.recording import Recorder

ROUNDS = 3
SECONDS = 1.0
SHARES = (0.05, 0.3, 0.5, 0.95)
CYCLES_MS = (
    *((period * share, period * (1 - share)) for period in (1.0, 37.0, 100.0) for share in SHARES),
    (1000.0, 0.0),
    (0.0, 100.0),
)
SPY_RATE = 1000

Cycle = tuple[float, float]
Errors = dict[tuple[str, Cycle], float]

CHILD = """
import sys, time
from gil_demo.native import handovers
held, released, seconds = (float(one) for one in sys.argv[1:])
print("ready", flush=True)
sys.stdin.readline()
period = held + released
start, end, least, most = handovers.cycles(
    int(held * 1e6), int(released * 1e6), False, max(1, int(seconds * 1e3 / period))
)
print((least + most) / 2 / (end - start), flush=True)
"""


def made(cycle: Cycle) -> tuple[int, int, float]:
    """Make a cycle for `SECONDS`; give its start, its end, and the true held share."""
    held, released = cycle
    count = max(1, int(SECONDS * 1e3 / (held + released)))
    start, end, least, most = handovers.cycles(int(held * 1e6), int(released * 1e6), False, count)
    return start, end, (least + most) / 2 / (end - start)


def by_hand_overs(cycle: Cycle) -> tuple[float, float]:
    """Truth and what the hand-overs tell."""
    recorder = Recorder(events=True)
    recorder.start()
    start, end, true = made(cycle)
    recording = recorder.stop()
    assert recording is not None
    own = recording.holds[recording.holds["thread"] == 1]
    told = timeline.held_within(own, start, end) / (end - start)
    handovers.forget()
    return true, told


def by_gilknocker(cycle: Cycle) -> tuple[float, float]:
    """Truth and gilknocker's contention metric."""
    knocker = import_module("gilknocker").KnockKnock(1_000)  # of the group bench-watch alone
    knocker.start()
    time.sleep(0.01)
    knocker.reset_contention_metric()
    _, _, true = made(cycle)
    told = knocker.contention_metric
    knocker.stop()
    return true, float(told)


def by_py_spy(cycle: Cycle) -> tuple[float, float]:
    """Truth and the share of py-spy's samples at which the thread had the GIL."""
    seconds = SECONDS + 1
    with tempfile.TemporaryDirectory() as folder:
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(cycle[0]), str(cycle[1]), str(seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdout.readline()
        child.stdin.write("\n")
        child.stdin.flush()
        raw = Path(folder) / "raw"
        subprocess.run(
            [
                *["py-spy", "record", "--gil", "--nonblocking", "--format", "raw"],
                *["--rate", str(SPY_RATE), "--duration", "1", "--output", str(raw)],
                *["--pid", str(child.pid)],
            ],
            check=True,
            capture_output=True,
            env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        )
        samples = sum(int(line.rsplit(" ", 1)[1]) for line in raw.read_text().splitlines())
        true = float(child.stdout.readline())
        child.wait()
    return true, samples / SPY_RATE


WAYS: dict[str, Callable[[Cycle], tuple[float, float]]] = {
    "hand-overs": by_hand_overs,
    "gilknocker": by_gilknocker,
    "py-spy --gil": by_py_spy,
}


def worst_errors() -> Errors:
    """The worst error of each way, by cycle, over interleaved rounds, in points of a hundred."""
    jobs = {(name, cycle): partial(WAYS[name], cycle) for name in WAYS for cycle in CYCLES_MS}
    results = interleaved(jobs, ROUNDS)
    return {
        key: max(abs(told - true) * 100 for true, told in (one[key] for one in results))
        for key in jobs
    }


def errors_table(worst: Errors) -> FittingTable:
    """A row a cycle, a column a way."""
    return FittingTable(
        title=f"Held share: the worst error of {ROUNDS} rounds, in points of a hundred",
        columns=(
            Column("held ms", tuple(f"{held:g}" for held, _ in CYCLES_MS)),
            Column("released ms", tuple(f"{released:g}" for _, released in CYCLES_MS)),
            *(
                Column(name, tuple(f"{worst[name, cycle]:.2f}" for cycle in CYCLES_MS))
                for name in WAYS
            ),
        ),
        styles=tuple("" for _ in CYCLES_MS),
        breaks=frozenset(),
        caption=(
            f"Each cycle goes on for {SECONDS:g} s, and sleeps while released. py-spy takes"
            f" {SPY_RATE} samples a second for 1 s, and does not pause the process."
        ),
    )


def main() -> None:
    """Print the table, and say whether a sampler was ever nearer to the truth."""
    console = screen()
    if not console.is_terminal:
        console.width = 100
    worst = worst_errors()
    console.print(errors_table(worst))
    nearer = [
        f"{name} at {held:g} and {released:g} ms"
        for name in WAYS
        for held, released in CYCLES_MS
        if worst[name, (held, released)] < worst["hand-overs", (held, released)]
    ]
    console.print(f"Nearer to the truth than the hand-overs: {', '.join(nearer) or 'none'}.")


if __name__ == "__main__":
    main()
