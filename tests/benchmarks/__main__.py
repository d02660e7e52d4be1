"""``python -m tests.benchmarks``: the benchmarks by name, and the run of those asked for."""

import sys
from argparse import ArgumentParser

from gil_demo.host import machine
from gil_demo.report.kit.screen import screen

from . import (
    accuracy,
    break_even,
    call_cost,
    guard,
    kernels,
    memory,
    startup,
    threads,
    watch,
    whole_run,
)
from .harness import Benchmark, OthersMeter, Row
from .table import busy_line, row_line, rows_table

BENCHMARKS: dict[str, Benchmark] = {
    "threads": threads.measure,
    "kernels": kernels.measure,
    "memory": memory.measure,
    "accuracy": accuracy.measure,
    "call_cost": call_cost.measure,
    "break_even": break_even.measure,
    "startup": startup.measure,
    "whole_run": whole_run.measure,
    "guard": guard.measure,
    "watch": watch.measure,
}

DESCRIPTION = "Measure everything, or what is asked for, and print one table."

QUICK_SHARE = 0.2
"""The share of the rounds that ``--quick`` makes."""

PIPED_COLUMNS = 120
"""The width of the table where no terminal has one."""


def main() -> None:
    """Measure, saying on standard error what came of it so far, and print one table."""
    parser = ArgumentParser("python -m tests.benchmarks", description=DESCRIPTION)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, for a quick look")
    parser.add_argument(
        "--only",
        action="append",
        choices=BENCHMARKS,
        help="measure only this; may be given again for another",
    )
    asked = parser.parse_args()

    rows: list[Row] = []
    busy: dict[str, float | None] = {}
    for name in asked.only or BENCHMARKS:
        print(f"measuring {name} ...", file=sys.stderr)
        meter = OthersMeter()
        for row in BENCHMARKS[name](QUICK_SHARE if asked.quick else 1.0):
            print(row_line(row), file=sys.stderr, flush=True)
            rows.append(row)
        busy[name] = meter.share()

    console = screen()
    if not console.is_terminal:
        console.width = PIPED_COLUMNS
    here = machine.environment()
    console.print(f"Python {here.python}, NumPy {here.numpy}, {here.cores} cores, {here.platform}")
    console.print(rows_table(rows))
    console.print(busy_line(busy))


if __name__ == "__main__":
    main()
