"""The machine, the interpreter and the build that a run took place on."""

from dataclasses import dataclass
from typing import Literal

ImportEnd = Literal["imported", "raised", "died", "left", "unfinished"]
"""How an import in a process of its own ended; in all cases but the first two the process, too."""


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
class Import:
    """How the import of a module went, in a process of its own, and whether it turned the GIL on.

    `turned_on_by` is the module that the interpreter turned it on for: the module itself,
    or one that it imports. None where the interpreter did not name it.

    `error` is the exception, or the interpreter's last words; `signal` killed the process,
    `exit_code` is what it left with.
    """

    module: str
    ended: ImportEnd
    turned_gil_on: bool
    turned_on_by: str | None = None
    error: str | None = None
    signal: str | None = None
    exit_code: int | None = None

    @property
    def good(self) -> bool:
        """Whether the module was imported, and left the GIL as it was."""
        return self.ended == "imported" and not self.turned_gil_on


@dataclass(frozen=True)
class Examination:
    """The machine, the interpreter and the build, and what follows from them.

    `built_by` is the compiler of the C modules, None where they do not load, and
    then `build_problem` says why; `compiler` is the one to be found here now. `imports`
    has the modules that were asked about.
    """

    environment: Environment
    switch_interval_seconds: float
    available_bytes: int | None
    compiler: str | None
    python_headers: bool
    built_by: str | None
    build_problem: str | None
    advice: tuple[str, ...]
    imports: tuple[Import, ...] = ()
