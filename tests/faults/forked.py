"""Runs work in a forked child of this warm process, and says how it ended."""

import ctypes
import os
import shutil
import signal
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from gil_demo.__main__ import main
from gil_demo.files import nameless_file

LIMIT_SECONDS = 120.0
"""After this time a child hangs, even on a busy machine."""

SETTLING_SECONDS = 3.0
PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True, slots=True)
class Ended:
    """The exit code, None if the child had to be killed; its output; and what it left behind."""

    code: int | None
    out: str
    err: str
    left: tuple[str, ...]


def warm() -> None:
    """Load what commands load, and let orphans become children of this process."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    for module in ("gil_demo.api", "gil_demo.gallery.registry", "gil_demo.tour.walk"):
        __import__(module)
    sysconfig.get_config_vars()  # loads a module of its own
    with suppress(SystemExit), redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        sys.argv = ["gil-demo", "--help"]
        main()


@contextmanager
def folder_of_its_own() -> Iterator[Path]:
    """Make a folder, and remove it afterwards; a child that calls exit functions does not."""
    folder = Path(tempfile.mkdtemp())
    yield folder
    shutil.rmtree(folder)


def forked(work: Callable[[], None], folder: Path) -> Ended:
    """Do some work in a child whose current folder is this one; it ends by SystemExit."""
    with nameless_file() as out, nameless_file() as err:
        child = os.fork()
        if child == 0:
            code: object = 0
            os.chdir(folder)
            null = os.open(os.devnull, os.O_RDWR)
            for target, descriptor in enumerate((null, out.fileno(), err.fileno())):
                os.dup2(descriptor, target)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            try:
                work()
            except SystemExit as end:
                code = end.code
            except BaseException:
                sys.excepthook(*sys.exc_info())
                code = 1
            finally:
                with suppress(OSError, ValueError):
                    sys.stdout.flush()
                os._exit(code if isinstance(code, int) else 1)
        code = _exit_code(child)
        out.seek(0)
        err.seek(0)
        left = [one.name for one in folder.iterdir() if one.name.startswith(".gil-demo")]
        left += [] if _all_gone() else ["a process"]
        said = [file.read().decode(errors="replace") for file in (out, err)]
    return Ended(code, said[0], said[1], tuple(left))


def _exit_code(child: int) -> int | None:
    """Wait for a child's exit code; None if it must be killed."""
    limit = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < limit:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def _all_gone() -> bool:
    """Wait until nothing that the child started is left."""
    limit = time.monotonic() + SETTLING_SECONDS
    while time.monotonic() < limit:
        try:
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                time.sleep(0.005)
        except ChildProcessError:
            return True
    return False
