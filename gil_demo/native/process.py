"""The door to what only C can ask of the operating system for a process."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
"""As Linux numbers them, for every processor: linux/prctl.h."""

REAL_TIME = {getattr(os, name, None) for name in ("SCHED_FIFO", "SCHED_RR")}

_c_library = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent() -> None:
    """Ask the system to kill this process when its parent dies, and to write no core file.

    Linux offers this; elsewhere nothing happens. It counts as the parent's death when
    the thread that forked this process ends. https://man7.org/linux/man-pages/man2/prctl.2.html
    """
    if _c_library is not None:
        _c_library.prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL))
        _c_library.prctl(PR_SET_DUMPABLE, ctypes.c_ulong(0))


def be_visible() -> None:
    """Let other processes of this user see where the threads of this one wait.

    It undoes what keeps a core file from being written: call it where only SIGKILL is to come.
    """
    if _c_library is not None:
        _c_library.prctl(PR_SET_DUMPABLE, ctypes.c_ulong(1))


def take_turns_with_others() -> None:
    """Leave a real-time scheduling class, in which a half that spins would starve the machine.

    https://man7.org/linux/man-pages/man7/sched.7.html
    """
    if hasattr(os, "sched_setscheduler") and os.sched_getscheduler(0) in REAL_TIME:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
