"""May my C code touch a NumPy array while the GIL is released? See for yourself.

`race` is what ``gil-demo run`` calls, and `tour` shows a step of the lesson in a notebook; `probe`
and `watch` are the commands of the same names, for your own code; `hold_gil` and `release_gil`
are C that does just that, for tests of watchdogs. `guard`, `protect`, `watch_writes` and `frozen`
guard array data. All are loaded when first asked for, so that ``gil-demo --help`` need not load
NumPy.
"""

from importlib import import_module
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
    from gil_demo.report.notebook import lesson_step as lesson_step
    from gil_demo.report.notebook import lesson_step as tour

__all__ = [
    "frozen",
    "guard",
    "hold_gil",
    "probe",
    "protect",
    "race",
    "release_gil",
    "tour",
    "watch",
    "watch_writes",
]


def __getattr__(name: str) -> Any:
    if name == "tour":
        return import_module("gil_demo.tour")  # which can be called: see there
    if name == "lesson_step":
        return import_module("gil_demo.report.notebook").lesson_step
    if name in __all__:
        from gil_demo import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
