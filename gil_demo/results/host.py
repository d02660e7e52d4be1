"""The machine, the interpreter and the build that a run took place on."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Environment:
    """Where a run took place.

    `free_threaded` says how the interpreter was built, `gil_enabled` whether it
    has a GIL now; `cores` are those this process may use; `machine_busy` is the
    share of them that others took meanwhile, or None where the system does not
    tell.
    """

    python: str
    implementation: str
    free_threaded: bool
    gil_enabled: bool
    cores: int
    numpy: str
    platform: str
    machine_busy: float | None


@dataclass(frozen=True)
class Examination:
    """The machine, the interpreter and the build, and what follows from them.

    `built_by` is the compiler of the C modules, None where they do not load, and
    then `build_problem` says why; `compiler` is the one to be found here now.
    """

    environment: Environment
    switch_interval_seconds: float
    available_bytes: int | None
    compiler: str | None
    python_headers: bool
    built_by: str | None
    build_problem: str | None
    advice: tuple[str, ...]
