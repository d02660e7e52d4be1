"""Where holds ended: whose code it was, and which line of it to name."""

import sysconfig
from collections.abc import Callable, Sequence
from functools import cache

from gil_demo.files import printable
from gil_demo.host import launch
from gil_demo.results.watching import Frame

Stack = tuple[Frame, ...]


@cache
def _foreign_folders() -> tuple[str, ...]:
    """List the folders of the standard library, of installed packages, and of this package."""
    paths = sysconfig.get_paths()
    own = launch.__file__.rpartition("host")[0]
    return (*(f"{paths[name]}/" for name in ("stdlib", "platstdlib", "purelib", "platlib")), own)


def is_own(frame: Frame) -> bool:
    """Return whether a frame is of the program itself, not of a library or of this package."""
    return not frame.file.startswith((*_foreign_folders(), "<frozen"))


def named_frame(stack: Sequence[Frame]) -> Frame | None:
    """Choose the line to name: the innermost of the program's own, or else of all."""
    return next(filter(is_own, stack), stack[0] if stack else None)


def without_launcher(stack: Stack) -> Stack:
    """Cut off the frames that ran the program, which it would not have under Python itself."""
    for depth, frame in enumerate(stack):
        if frame.file == printable(launch.__file__):
            inner = stack[:depth]
            while inner and inner[-1].file == "<frozen runpy>":
                inner = inner[:-1]
            return inner
    return stack


class Stacks:
    """The stacks of a recording, each read once from the C."""

    def __init__(self, read: Callable[[int], Sequence[tuple[str, str, int]]]) -> None:
        """Read stacks with `read`, by their numbers."""
        self._read = read
        self._known: dict[int, Stack] = {0: ()}

    def __getitem__(self, number: int) -> Stack:
        """Return a stack, innermost first."""
        if number not in self._known:
            frames = tuple(
                Frame(printable(function), printable(file), line)
                for function, file, line in self._read(number)
            )
            self._known[number] = without_launcher(frames)
        return self._known[number]
