"""``make bench-watch``: what watching costs, and who tells the truth about known duty cycles.

The same cycles are told by the hand-overs, by gilknocker and by ``py-spy record --gil``, in
interleaved rounds. The C that makes the cycles stamps the truth of each.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from random import Random

from rich.console import Console

from gil_demo.native import handovers
from gil_demo.report.kit.columns import Column, FittingTable, words
from gil_demo.watching import timeline
from gil_demo.watching.recording import Recorder

ROUNDS = 3
SECONDS = 2.0
CYCLES_MS = ((0.05, 0.95), (0.3, 0.7), (11.0, 26.0), (30.0, 70.0), (1000.0, 0.0), (0.0, 100.0))
SPY_RATE = 1000

Cycle = tuple[float, float]

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


def accuracy() -> FittingTable:
    """The worst error of each way, by cycle, over interleaved rounds."""
    errors: dict[tuple[str, Cycle], list[float]] = {}
    tasks = [(name, cycle) for name in WAYS for cycle in CYCLES_MS]
    order = Random(0)
    for _ in range(ROUNDS):
        order.shuffle(tasks)
        for name, cycle in tasks:
            true, told = WAYS[name](cycle)
            errors.setdefault((name, cycle), []).append(abs(told - true) * 100)
    worst = {key: max(values) for key, values in errors.items()}
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
        caption=f"py-spy: {SPY_RATE} samples a second for 1 s, without pausing the process.",
    )


def in_turn(job: Callable[[], float], rounds: int = 15) -> tuple[float, float]:
    """The least of a figure without and with a watch, in interleaved rounds."""
    plain, watched = [], []
    for _ in range(rounds):
        plain.append(job())
        recorder = Recorder(events=True)
        recorder.start()
        watched.append(job())
        recorder.stop()
        handovers.forget()
    return min(plain), min(watched)


def timed(job: Callable[[], object]) -> Callable[[], float]:
    """A job's wall time in seconds."""

    def measured() -> float:
        began = time.perf_counter()
        job()
        return time.perf_counter() - began

    return measured


def costs() -> Iterator[tuple[str, str, str]]:
    """What was measured, its figure, and its target."""
    pairs = 200_000
    plain, watched = in_turn(lambda: handovers.pairs(pairs) / pairs)
    yield "a pair of hand-overs, more", f"{watched - plain:.0f} ns", "<= 200 ns"

    def stat() -> None:
        for _ in range(20_000):
            os.stat(".")  # noqa: PTH116 - the bare system call is what is measured

    plain, watched = in_turn(timed(stat))
    yield "os.stat in a loop", f"{watched / plain:.3f} times as long", "<= 1.25"
    plain, watched = in_turn(timed(lambda: handovers.cycles(0, 1_000_000, True, 50)))
    yield "calls of 1 ms", f"{(watched / plain - 1) * 100:+.2f}%", "<= 1%"
    plain, watched = in_turn(timed(lambda: sum(number * number for number in range(400_000))))
    yield "Python without hand-overs", f"{(watched / plain - 1) * 100:+.2f}%", "nothing measurable"


def main() -> None:
    """Print both tables."""
    console = Console(highlight=False, markup=False)
    rows = list(costs())
    console.print(
        FittingTable(
            title="What watching costs",
            columns=(
                words("what", (row[0] for row in rows)),
                Column("measured", tuple(row[1] for row in rows)),
                words("target", (row[2] for row in rows)),
            ),
            styles=tuple("" for _ in rows),
            breaks=frozenset(),
            caption=f"The best of 15 rounds. An event is {handovers.HOLD.itemsize} bytes.",
        )
    )
    console.print()
    console.print(accuracy())


if __name__ == "__main__":
    main()
