"""The door to what only C can ask of the operating system for a process."""

import ctypes
import signal
import sys

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
"""As Linux numbers them, for every processor: linux/prctl.h."""

_c_library = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent() -> None:
    """Ask the system to kill this process when its parent dies, and to write no core file.

    Linux offers this; elsewhere nothing happens. It counts as the parent's death when
    the thread that forked this process ends. https://man7.org/linux/man-pages/man2/prctl.2.html
    """
    if _c_library is not None:
        _c_library.prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL))
        _c_library.prctl(PR_SET_DUMPABLE, ctypes.c_ulong(0))
