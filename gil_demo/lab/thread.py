"""A thread of a half."""

import threading
from collections.abc import Callable
from typing import Any

from gil_demo.lab.lab import Lab


class Thread:
    """A thread that hands back what its function returned; it allocates guarded arrays."""

    def __init__(self, lab: Lab, function: Callable[..., Any], *arguments: Any) -> None:
        """Start at once."""
        self._result: list[Any] = []
        self._thread = threading.Thread(
            target=self._run, args=(lab, function, arguments), daemon=True
        )
        self._thread.start()

    def _run(self, lab: Lab, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        lab.guard()
        self._result.append(function(*arguments))

    def result(self) -> Any:
        """Wait for the thread; what its function returned."""
        self._thread.join()
        return self._result[0]
