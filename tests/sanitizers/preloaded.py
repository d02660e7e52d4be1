"""Runs pairs that need the interpreter, with a sanitizer preloaded into a stock Python.

Only this project's C is compiled with the sanitizer, in a copy of it in a temporary
folder. Preloading the sanitizer's library lets it see every malloc, free, lock and thread
of Python and NumPy as well, but not what these two read and write by themselves. There
are no suppressions.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from gil_demo.host import toolchain
from gil_demo.limits import ONE_THREAD_EACH

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
LIBRARIES = {"thread": "libtsan.so", "address": "libasan.so"}

NO_SIGNALS = "handle_segv=0:handle_sigbus=0"
"""That a signal came, the run shows by itself: it is no finding of the sanitizer."""

OPTIONS = {
    "TSAN_OPTIONS": NO_SIGNALS,
    "ASAN_OPTIONS": f"{NO_SIGNALS}:detect_leaks=0",  # Python does not free all that it has
    "UBSAN_OPTIONS": NO_SIGNALS,
    "PYTHONMALLOC": "malloc",  # or Python keeps freed objects where no sanitizer sees them
    "PYTHONDONTWRITEBYTECODE": "1",
}

TIME_LIMIT_SECONDS = 900.0

Run = tuple[str, str]
"""How a run ended, and what it wrote to standard error."""


@dataclass(frozen=True, slots=True)
class Python:
    """A stock Python that has a sanitizer preloaded and imports a copy of gil_demo."""

    folder: Path
    environment: dict[str, str]

    def run(self, name: str, unsafe_runs: int, safe_runs: int) -> dict[str, list[Run]]:
        """Run both halves of a pattern, each run in a process of its own."""
        counts = (str(unsafe_runs), str(safe_runs))
        answer: dict[str, list[Run]] = json.loads(self._call(HERE / "child.py", name, *counts))
        return answer

    def check(self) -> None:
        """Raise RuntimeError if Python does not start or does not import its copy."""
        found = self._call(
            "-c", "import gil_demo.native.kernels; print(gil_demo.native.kernels.__file__)"
        )
        if not Path(found.strip()).is_relative_to(self.folder):
            raise RuntimeError(f"Python imports {found.strip()} in place of its copy")

    def _call(self, *words: str | Path) -> str:
        """Call Python; what it printed."""
        reading, writing = os.pipe()  # when this process is gone, its standard input ends
        try:
            done = subprocess.run(
                [sys.executable, *words],
                stdin=reading,
                capture_output=True,
                text=True,
                env=self.environment,
                cwd=self.folder,
                timeout=TIME_LIMIT_SECONDS,
                check=False,
            )
        finally:
            os.close(reading)
            os.close(writing)
        if done.returncode != 0:
            said = done.stderr.strip().splitlines() or ["nothing"]
            raise RuntimeError(
                f"Python with {self.environment['LD_PRELOAD']} preloaded ended with"
                f" {done.returncode} and said: {said[-1]}"
            )
        return done.stdout


def prepare(sanitizer: str, flag: str, folder: Path) -> Python:
    """Compile a copy of all C with a sanitizer. Raises RuntimeError if it cannot be preloaded."""
    library = _library(LIBRARIES[sanitizer])
    copy = folder / f"preloaded-{sanitizer}"
    for name in ("csrc", "gil_demo"):
        ignored = shutil.ignore_patterns("*.so", "__pycache__")
        shutil.copytree(ROOT / name, copy / name, ignore=ignored)
    for name in ("setup.py", "pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, copy)
    flags = f"-g -fno-omit-frame-pointer -fsanitize={flag} -fno-sanitize-recover=undefined"
    built = subprocess.run(
        [sys.executable, "setup.py", "--quiet", "build_ext", "--inplace"],
        env={**os.environ, "CFLAGS": flags, "LDFLAGS": f"-fsanitize={flag}"},
        cwd=copy,
        capture_output=True,
        text=True,
        check=False,
    )
    if built.returncode != 0:
        raise RuntimeError(f"the C does not compile with -fsanitize={flag}:\n{built.stderr}")
    own = {"LD_PRELOAD": library, "PYTHONPATH": str(copy)}
    python = Python(copy.resolve(), {**os.environ, **ONE_THREAD_EACH, **OPTIONS, **own})
    python.check()
    return python


def _library(name: str) -> str:
    """Where the compiler keeps a library. Raises RuntimeError if it has none."""
    asked = [*toolchain.compiler(), f"-print-file-name={name}"]
    found = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    if not Path(found).is_absolute():
        raise RuntimeError(f"there is no {name} to preload: '{shlex.join(asked)}' finds none")
    return found
