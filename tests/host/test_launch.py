"""A launched program cannot be told from one that Python itself runs."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

LAUNCH = """
import sys
from gil_demo.host.launch import Program, leave, run
kind, target, *rest = sys.argv[1:]
leave(run(Program(kind, target, tuple(rest))))
"""

PROGRAMS = {
    "arguments": "import sys; print(sys.argv, sys.path[0])",
    "main": "print(__name__, __file__, __spec__, __package__, type(__loader__).__name__)",
    "own names only": "print(sorted(vars()))",
    "exit code": "import sys; sys.exit(7)",
    "large exit code": "import sys; sys.exit(259)",
    "exit message": "import sys; sys.exit('enough')",
    "exit without code": "import sys; sys.exit()",
    "exception": "def f():\n    return 1 / 0\nf()",
    "chained": "try:\n    1 / 0\nexcept ZeroDivisionError:\n    raise KeyError('x')",
    "syntax error": "print(1",
    "own hook": "import sys\nsys.excepthook = lambda *a: print('mine', a[0])\n1 / 0",
    "exit functions": "import atexit\natexit.register(print, 'bye')\nprint('hello')",
    "failing exit function": "import atexit\natexit.register(lambda: 1 / 0)",
    "threads outlive main": (
        "import threading, time\nprint('first')\n"
        "threading.Thread(target=lambda: (time.sleep(0.05), print('later'))).start()"
    ),
    "futures": (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "pool = ThreadPoolExecutor(2)\npool.submit(print, 'in the pool')"
    ),
    "pickles itself": (
        "import pickle\nclass A: pass\nprint(type(pickle.loads(pickle.dumps(A()))))"
    ),
    "future import": "from __future__ import annotations\nx: not_there = 1\nprint(__annotations__)",
    "encoding": "# -*- coding: latin-1 -*-\nprint('\u00e9' == chr(233))",
    "interrupted": "raise KeyboardInterrupt",
    "interrupted from outside": "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nprint(1)",
    "handler": "import signal\nprint(signal.getsignal(signal.SIGINT))",
    "multiprocessing": (
        "import multiprocessing as m\ndef f(x): return x * x\n"
        "if __name__ == '__main__':\n"
        "    p = m.get_context('spawn').Pool(1)\n"
        "    print(p.map(f, [3]))\n"
        "    p.close(), p.join()  # leaving a with block can hang: cpython#78178\n"
    ),
}


def ended(*command: str, folder: Path) -> tuple[int, str, str]:
    """How a command ended, what it printed, and what it said on standard error."""
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, capture_output=True, text=True, timeout=60
    )
    return done.returncode, done.stdout, re.sub("0x[0-9a-f]+", "0x", done.stderr)


def launched(kind: str, target: str, *arguments: str, folder: Path) -> tuple[int, str, str]:
    """The same, of a program that is launched."""
    driver = folder / "driver" / "launch_it.py"
    driver.parent.mkdir(exist_ok=True)
    driver.write_text(LAUNCH)
    return ended(str(driver), kind, target, *arguments, folder=folder)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_script_runs_as_python_runs_it(name: str, tmp_path: Path) -> None:
    """Exit code, output and error output are the same."""
    encoding = "latin-1" if name == "encoding" else "utf-8"
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "program.py").write_bytes(PROGRAMS[name].encode(encoding))
    arguments = ("sub/program.py", "a", "--b")
    assert launched("script", *arguments, folder=tmp_path) == ended(*arguments, folder=tmp_path)


@pytest.mark.parametrize("name", ["arguments", "own names only", "exit code", "exception"])
def test_a_module_runs_as_python_runs_it(name: str, tmp_path: Path) -> None:
    """As with ``python -m``."""
    (tmp_path / "program.py").write_text(PROGRAMS[name])
    by_python = ended("-m", "program", "a", folder=tmp_path)
    assert launched("module", "program", "a", folder=tmp_path) == by_python


@pytest.mark.parametrize("name", ["arguments", "own names only", "exit code", "exception"])
def test_code_runs_as_python_runs_it(name: str, tmp_path: Path) -> None:
    """As with ``python -c``; newer versions show the line, which needs the interpreter's help."""
    by_python = ended("-c", PROGRAMS[name], "a", folder=tmp_path)
    code, output, errors = launched("code", PROGRAMS[name], "a", folder=tmp_path)
    assert (code, output) == by_python[:2]
    assert errors.splitlines()[-1:] == by_python[2].splitlines()[-1:]


def test_a_module_that_is_not_there_is_told_as_python_tells_it(tmp_path: Path) -> None:
    """The same sentence and exit code."""
    by_python = ended("-m", "no_such_module", folder=tmp_path)
    assert launched("module", "no_such_module", folder=tmp_path) == by_python


def test_folders_and_archives_with_a_main_run(tmp_path: Path) -> None:
    """Python runs both, and puts them on the path."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "__main__.py").write_text("import sys, other; print(sys.argv, sys.path[0])")
    (tmp_path / "app" / "other.py").write_text("print('other')")
    with zipfile.ZipFile(tmp_path / "app.zip", "w") as archive:
        for file in (tmp_path / "app").glob("*.py"):
            archive.write(file, file.name)
    for name in ("app", "app.zip"):
        by_python = ended(name, "x", folder=tmp_path)
        assert by_python[0] == 0
        assert launched("script", name, "x", folder=tmp_path) == by_python


def test_a_script_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """Before anything runs, in one line that names it."""
    code, output, errors = launched("script", "nothing.py", folder=tmp_path)
    assert (code, output) == (1, "")
    assert errors.splitlines()[-1].endswith("there is no file 'nothing.py' to run")
