"""A thread of a half."""

import threading
from collections.abc import Callable
from typing import Any


class Thread:
    """A thread that keeps the result of its function.

    Guarantees: it runs from the moment it is made. It is a daemon, so a thread that hangs does
    not keep the child from ending.
    """

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Start at once."""
        self._result: list[Any] = []
        self._thread = threading.Thread(target=self._run, args=(function, arguments), daemon=True)
        self._thread.start()

    def _run(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        self._result.append(function(*arguments))

    def result(self) -> Any:
        """Wait for the thread, and return the result of its function."""
        self._thread.join()
        return self._result[0]
