"""May my C code touch a NumPy array while the GIL is released? See for yourself.

`race` is what ``gil-demo run`` calls; `probe` and `watch` are the commands of the same names,
for your own code; `hold_gil` and `release_gil` are C that does just that, for tests of
watchdogs. `guard`, `protect`, `watch_writes` and `frozen` guard array data. All are loaded when
first asked for, so that ``gil-demo --help`` need not load NumPy.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gil_demo.api import (
        frozen,
        guard,
        hold_gil,
        probe,
        protect,
        race,
        release_gil,
        watch,
        watch_writes,
    )

__all__ = [
    "frozen",
    "guard",
    "hold_gil",
    "probe",
    "protect",
    "race",
    "release_gil",
    "watch",
    "watch_writes",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from gil_demo import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
