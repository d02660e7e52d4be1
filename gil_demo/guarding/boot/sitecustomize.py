"""Guards this process as soon as it imports NumPy, if the process that started it asks for that.

Python loads this at its start, because `gil-demo guard` puts its folder first into PYTHONPATH.
A sitecustomize that this one hides is loaded afterwards.
"""

import sys
from importlib import import_module
from pathlib import Path


def _reveal() -> None:
    """Take this folder out of the way, and load the sitecustomize behind it, if there is one."""
    here = str(Path(__file__).parent)
    sys.path[:] = [entry for entry in sys.path if entry != here]
    mine = sys.modules.pop("sitecustomize", None)
    try:
        import_module("sitecustomize")
    except ImportError as error:
        if error.name != "sitecustomize":
            raise
        if mine is not None:
            sys.modules["sitecustomize"] = mine


def _prepare() -> None:
    try:
        from gil_demo.guarding import handed_down, when_imported
    except ImportError:
        return  # a Python that gil-demo is not installed for: it runs as it is
    handed = handed_down.take()
    if handed is not None:
        when_imported.guard_with_numpy(handed)


_reveal()
_prepare()
