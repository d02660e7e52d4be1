"""Guards a process at the moment when it has imported NumPy; without NumPy it costs nothing.

Standard library only, like `handed_down`.
"""

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from gil_demo.guarding.errors import standard_error
from gil_demo.guarding.handed_down import HandedDown


class _NumpyFinder:
    """Finds NumPy as Python would, and has the guard installed once it is loaded."""

    def __init__(self, handed: HandedDown) -> None:
        """Remember how to guard, and where standard error leads at the beginning."""
        self._handed = handed
        self._errors = standard_error()

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find NumPy by way of the other finders; nothing else."""
        if name != "numpy":
            return None
        sys.meta_path.remove(self)
        spec = find_spec(name)
        loader: Any = spec and spec.loader
        if loader is not None:
            self._call_after(loader)
        return spec

    def _call_after(self, loader: Any) -> None:
        """Have the guard installed when the loader has run the module, and only this once."""
        run = loader.exec_module

        def run_and_guard(module: ModuleType) -> None:
            del loader.exec_module
            run(module)
            from gil_demo.guarding import install

            install.in_program(self._handed, self._errors)

        loader.exec_module = run_and_guard


def guard_with_numpy(handed: HandedDown) -> None:
    """Guard this process as soon as NumPy is imported."""
    finder: Any = _NumpyFinder(handed)
    sys.meta_path.insert(0, finder)
