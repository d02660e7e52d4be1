"""Describes machine, interpreter and build, and what they mean for the demonstrations."""

import sys
import time
from collections.abc import Iterator

from gil_demo import notation
from gil_demo.host import machine, toolchain
from gil_demo.results.host import Environment, Examination

WATCH_SECONDS = 0.25
"""How long to watch what others do with the cores."""

BUSY = 0.25
"""The share of the cores taken by others from which speed-ups are not worth much."""


def examine() -> Examination:
    """Examine machine and build. Needs no C module, so that it can say why one does not load."""
    built_by, problem = _build()
    meter = machine.BusyMeter()
    time.sleep(WATCH_SECONDS)
    environment = machine.environment(meter.share())
    return Examination(
        environment=environment,
        switch_interval_seconds=sys.getswitchinterval(),
        available_bytes=machine.available_bytes(),
        compiler=toolchain.compiler_path(),
        python_headers=toolchain.has_headers(),
        built_by=built_by,
        build_problem=problem,
        advice=tuple(_advice(environment, problem)),
    )


def _build() -> tuple[str | None, str | None]:
    """Name the compiler of the C modules, or say why they do not load."""
    try:
        from gil_demo.native import kernels
    except ImportError as error:
        return None, str(error)
    return kernels.compiler(), None


def _advice(environment: Environment, problem: str | None) -> Iterator[str]:
    if problem:
        yield f"Nothing can be run: {problem}."
    if not environment.gil_enabled:
        yield (
            "There is no GIL: held and released calls run side by side alike, until a thread"
            " stops all others, as a collection does: it waits for the end of a held call."
        )
    elif environment.free_threaded:
        yield (
            "This build can run without a GIL, but something turned it on: PYTHON_GIL=1, or a"
            " module, and gil-demo doctor MODULE says whether it was that one."
        )
    if environment.cores == 1:
        yield (
            "There is one core: released calls still overlap, which peak inside shows, but no"
            " number of threads is faster than one unless others use the core as well."
        )
    elif environment.gil_enabled:
        yield f"Released calls can be up to {environment.cores} times as fast as held ones."
    else:
        yield f"On several threads either can be up to {environment.cores} times as fast as on one."
    busy = environment.machine_busy
    if busy is None:
        yield "This system does not tell how busy others keep it: compare with native threads."
    elif busy >= BUSY:
        yield (
            f"Others take {notation.percent(busy)} of the cores: speed-ups will say little, of"
            " native threads too, while peak inside and ticks inside stay right."
        )
    else:
        yield "The machine is quiet: a good moment to measure."
