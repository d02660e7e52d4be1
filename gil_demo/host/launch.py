"""Runs a Python program in this process as Python itself would run it.

`run` sets up ``sys.argv``, ``sys.path`` and ``__main__``, runs the program, waits for its
threads, calls its exit functions, and says how it ended. The process then still lives, so
that its caller can report; `leave` ends it as the program ended.

References:
    https://docs.python.org/3/using/cmdline.html#interface-options
    https://docs.python.org/3/library/runpy.html
"""

import atexit
import builtins
import contextlib
import importlib.machinery
import io
import os
import signal
import sys
import threading
import types
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NoReturn

from gil_demo.errors import BadInput, ProgramEnded

Kind = Literal["script", "module", "code"]


@dataclass(frozen=True, slots=True)
class Program:
    """A program and its arguments, as they stand behind ``python``.

    `target` is a file or folder for a script, a dotted name for a module (``-m``), or
    the code itself (``-c``).
    """

    kind: Kind
    target: str
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ending:
    """How a program ended: its exit code, and whether Ctrl-C ended it."""

    exit_code: int
    interrupted: bool = False


def refuse_missing(program: Program) -> None:
    """Raise `BadInput` if the program is a script that is not there."""
    if program.kind == "script" and not Path(program.target).exists():
        raise BadInput(f"there is no file {program.target!r} to run")


def run(program: Program) -> Ending:
    """Run a program up to its end: its main module, its other threads, its exit functions.

    An exception that the program does not catch is shown by ``sys.excepthook``, without
    the frames of this module. Raises `BadInput` if there is no such script.
    """
    refuse_missing(program)
    _give_interrupts_back()
    main = _become(program)
    ending = _ended(program, main)
    # As Py_FinalizeEx does it: https://docs.python.org/3/c-api/init.html#c.Py_FinalizeEx
    shutdown: Any = threading._shutdown  # type: ignore[attr-defined]  # the interpreter's own
    with _interrupts_shown():
        shutdown()
    with _interrupts_shown():
        atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    return ending


def leave(ending: Ending, exit_code: int | None = None) -> NoReturn:
    """End this process as the program ended, or with another exit code."""
    if ending.interrupted and exit_code is None:
        # A shell stops a script of its own only if Ctrl-C is what ended the program.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    raise ProgramEnded(ending.exit_code if exit_code is None else exit_code)


def _give_interrupts_back() -> None:
    """Let Ctrl-C raise KeyboardInterrupt, as Python arranges it, unless it is ignored."""
    if callable(signal.getsignal(signal.SIGINT)):
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _become(program: Program) -> types.ModuleType:
    """Put the program's own ``sys.argv``, ``sys.path[0]`` and an empty ``__main__`` in place."""
    names: dict[Kind, tuple[str, str]] = {
        "script": (program.target, str(Path(program.target).resolve().parent)),
        "module": ("-m", str(Path.cwd())),
        "code": ("-c", ""),
    }
    name, folder = names[program.kind]
    if _is_container(program):
        folder = str(Path(program.target).absolute())
    sys.argv = [name, *program.arguments]
    if not sys.flags.safe_path or _is_container(program):
        if sys.flags.safe_path:
            sys.path.insert(0, folder)
        else:
            sys.path[0] = folder
    main = types.ModuleType("__main__")
    main.__dict__.update(__builtins__=builtins, __package__=None, __spec__=None)
    if sys.version_info < (3, 14):
        main.__annotations__ = {}
    if program.kind == "code":
        main.__dict__["__loader__"] = importlib.machinery.BuiltinImporter
    sys.modules["__main__"] = main
    return main


def _is_container(program: Program) -> bool:
    """Say whether the script is a folder or an archive with a ``__main__.py`` in it."""
    if program.kind != "script":
        return False
    return Path(program.target).is_dir() or _is_archive(program.target)


def _is_archive(path: str) -> bool:
    import zipfile

    return zipfile.is_zipfile(path)


def _ended(program: Program, main: types.ModuleType) -> Ending:
    """Run the main module, and turn its end into an `Ending` as Python would."""
    try:
        _execute(program, main)
    except SystemExit as left:
        return Ending(_exit_code(left.code))
    except BaseException as error:
        _show(error)
        interrupted = isinstance(error, KeyboardInterrupt)
        return Ending(128 + signal.SIGINT if interrupted else 1, interrupted)
    return Ending(0)


def _execute(program: Program, main: types.ModuleType) -> None:
    """Execute the program in its main module."""
    import runpy

    run_as_main: Any = runpy._run_module_as_main  # type: ignore[attr-defined]  # what -m calls
    if program.kind == "module":
        run_as_main(program.target, True)
    elif _is_container(program):
        run_as_main("__main__", False)
    elif program.kind == "code":
        exec(compile(program.target, "<string>", "exec", dont_inherit=True), main.__dict__)
    else:
        path = str(Path(program.target).absolute())
        with io.open_code(path) as file:
            source = file.read()
        loader = importlib.machinery.SourceFileLoader("__main__", path)
        main.__dict__.update(__file__=path, __loader__=loader)
        if sys.version_info < (3, 15):  # 3.15 has it no more
            main.__dict__.update(__cached__=None)
        exec(compile(source, path, "exec", dont_inherit=True), main.__dict__)


def _exit_code(code: object) -> int:
    """Turn what was given to ``sys.exit`` into an exit code; a message goes to standard error."""
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)
    return 1


def _show(error: BaseException) -> None:
    """Show an exception that the program did not catch, without the frames of this module."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    error.__traceback__ = trace
    sys.excepthook(type(error), error, trace)


@contextlib.contextmanager
def _interrupts_shown() -> Any:
    """Show a KeyboardInterrupt that comes while threads or exit functions end, and go on."""
    try:
        yield
    except BaseException as error:
        _show(error)
