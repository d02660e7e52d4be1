"""A thread that asks for the GIL again and again, so that whoever has it too long is noticed.

A hold is cut short, and its line is known, only if another thread asks for the GIL. Where a
program has one thread, as most event loops have, nobody does.
"""

import threading

NAME = "gil-demo asks"


class Asker:
    """Asks for the GIL from `start` to `stop`, and gives it back at once."""

    def __init__(self, every_seconds: float) -> None:
        """Prepare a thread that asks that often."""
        self._every_seconds = every_seconds
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._ask, name=NAME, daemon=True)

    def start(self) -> None:
        """Start to ask."""
        self._thread.start()

    def stop(self) -> None:
        """Stop asking, and wait for the thread's end."""
        self._done.set()
        self._thread.join()

    def _ask(self) -> None:
        while not self._done.wait(self._every_seconds):
            pass  # to wait is to release the GIL, and to take it afterwards
