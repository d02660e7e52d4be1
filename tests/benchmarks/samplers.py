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
Told = tuple[float, float, float]
"""The true held share, at least and at most, and what one way told of it."""

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
print(least / (end - start), most / (end - start), flush=True)
"""


def made(cycle: Cycle) -> tuple[int, int, float, float]:
    """Make a cycle for `SECONDS`; give its start, its end, and the range of its held share.

    Time inside a hand-over belongs to neither side, hence the range.
    """
    held, released = cycle
    count = max(1, int(SECONDS * 1e3 / (held + released)))
    start, end, least, most = handovers.cycles(int(held * 1e6), int(released * 1e6), False, count)
    return start, end, least / (end - start), most / (end - start)


def by_hand_overs(cycle: Cycle) -> Told:
    """Truth and what the hand-overs tell."""
    recorder = Recorder(events=True)
    recorder.start()
    start, end, low, high = made(cycle)
    recording = recorder.stop()
    assert recording is not None
    own = recording.holds[recording.holds["thread"] == handovers.STARTER]
    told = timeline.held_within(own, start, end) / (end - start)
    handovers.forget()
    return low, high, told


def by_gilknocker(cycle: Cycle) -> Told:
    """Truth and gilknocker's contention metric."""
    knocker = import_module("gilknocker").KnockKnock(1_000)  # of the group bench-watch alone
    knocker.start()
    time.sleep(0.01)
    knocker.reset_contention_metric()
    _, _, low, high = made(cycle)
    told = knocker.contention_metric
    knocker.stop()
    return low, high, float(told)


def by_py_spy(cycle: Cycle) -> Told:
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
        low, high = map(float, child.stdout.readline().split())
        child.wait()
    return low, high, samples / SPY_RATE


WAYS: dict[str, Callable[[Cycle], Told]] = {
    "hand-overs": by_hand_overs,
    "gilknocker": by_gilknocker,
    "py-spy --gil": by_py_spy,
}


def worst_errors() -> Errors:
    """The worst error of each way, by cycle, over interleaved rounds, in points of a hundred."""
    jobs = {(name, cycle): partial(WAYS[name], cycle) for name in WAYS for cycle in CYCLES_MS}
    results = interleaved(jobs, ROUNDS)
    return {key: max(points_off(*one[key]) for one in results) for key in jobs}


def points_off(low: float, high: float, told: float) -> float:
    """How far the share that was told lies outside the range of the true one."""
    return abs(told - min(max(told, low), high)) * 100


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
