"""Runs what the documentation tells a reader to type: ``python -m tests.docs_commands``.

Each distinct command of the pages is run once, in a fresh folder: lines of ``sh``
blocks, commands in running text that begin with ``gil-demo`` or ``python -m gil_demo``,
and ``gil-demo run --svg FILE`` too where a page has it as "`gil-demo run ...`, or
`--svg FILE`". The Python of a page, blocks and calls in its text, is run as one script.
Exit code 0 is asked for. 3 is told and let pass where docs/cli.md has it for a machine
too busy to say anything: with ``--check``, and from ``try``. Where less is done than a
page says, to save time, the constants below say so: EXPORTS, and the 1000 in PLACEHOLDERS.

Not run, but looked at: ``make TARGET`` must be a target: .ci/run makes ``test``, ``lint``
and ``sanitize``, ``run`` ends with a command that is run here, ``docs`` and ``bench`` take
minutes; .ci/run must be a shell script; a script in docs/exercises must be there, since
tests/test_exercises.py runs it. Not run at all: what installs packages, which .ci/run
does in its own way.
"""

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pexpect
from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])

KEPT_RUN = ROOT / "tests" / "report" / "kept" / "run-1.json"

CHECKED = ROOT / "csrc" / "question" / "gilexample_safe.c"

AT_ONCE = 2
LIMIT_SECONDS = 120

PLACEHOLDERS = {
    r"\bNAME\b": "lost-update",
    r"\bFILE\.npy\b": "numbers.npy",
    r"\bSCRIPT\b": "program.py",
    r"\bMODULE\b": "numpy",
    r"\bSTATEMENT\b": '"sum(range(100))"',
    r"\bFILE\.json\b": "kept.json",
    r"\bFILE\.c\b": "src/one.c",
    r"\bRULE\b": "api-in-block",
    r"\bFOLDER\b": "folder",
    r"\bFILE\b": "file",
    r"\bN\b": "2",
    r"--repeat 1000\b": "--repeat 10",  # a stress test of a minute or two
}

INSTALLS = re.compile(r"(apt|dnf|xcode-select|pip install|python3 -m venv|source \.venv)\b")
"""How to get a compiler and an environment: needs a network, or rights, or a shell to stay in."""

LOOKED_AT = re.compile(r"make \w+|\.ci/run|python docs/exercises/\w+\.py")

TYPED = re.compile(rf"gil-demo\b|python -m gil_demo\b|{INSTALLS.pattern}|{LOOKED_AT.pattern}")
"""How a command begins, where it stands in running text."""

SCREENS = re.compile(r"gil-demo tour(?!.*--(no-input|list|notes|json|help|handout|gift))")
"""What needs somebody at a terminal."""

ONLY_NAMED = {
    f"gil-demo {command}" for command in ("show", "try", "probe", "watch", "check", "guard")
}
"""Commands that a sentence names without what they need."""

COMPLETION = re.compile(r"_GIL_DEMO_COMPLETE=(\w+)_source gil-demo")

CALL = re.compile(r"(gil_demo\.race|rich\.print|dataclasses\.asdict)\(")

EXPORTS = re.compile(r"gil-demo run --(json|csv|svg|html|markdown|trace)\b")
"""Forms of a whole run. Each is asked of a quick one here, as the whole one is run as it is."""

FROM_MAKE = {"MAKEFLAGS", "MFLAGS", "MAKELEVEL"}
"""What a make would pass on to one that is not of its making."""

MAY_BE_INCONCLUSIVE = re.compile(r"--check\b|gil-demo try\b")
INCONCLUSIVE = 3


@dataclass(frozen=True)
class Ran:
    """How a command ended; `said` is its output, or what is wrong with it."""

    text: str
    code: int
    said: str
    seconds: float

    @property
    def good(self) -> bool:
        """Whether it did what its page says."""
        return self.code == 0 or (
            self.code == INCONCLUSIVE and bool(MAY_BE_INCONCLUSIVE.search(self.text))
        )


# Finding


@cache
def tokens(page: Path) -> tuple[Token, ...]:
    """A page's Markdown, its running text taken apart."""
    parsed = MarkdownIt("commonmark").enable("table").parse(page.read_text("utf-8"))
    return tuple(part for token in parsed for part in (token, *(token.children or ())))


def commands(page: Path) -> Iterator[str]:
    """What a page tells a reader to type into a shell."""
    for token in tokens(page):
        if token.type == "fence" and token.info == "sh":
            for line in token.content.splitlines():
                yield re.sub(r"\s+#.*", "", line)
    for before, token in pairwise(tokens(page)):
        if token.type == "code_inline" and TYPED.match(token.content):
            last = token.content
            yield last
        elif (
            token.type == "code_inline" and before.content == ", or " and token.content[:2] == "--"
        ):
            yield " ".join([*last.split()[:2], token.content])


def python(page: Path) -> str:
    """The Python of a page as one script; empty if there is none."""
    blocks = [one.content for one in tokens(page) if one.type == "fence" and one.info == "python"]
    calls = [
        one.content for one in tokens(page) if one.type == "code_inline" and is_call(one.content)
    ]
    return "\n".join(["import dataclasses", "import rich", "import gil_demo", *blocks, *calls])


def is_call(text: str) -> bool:
    """Whether it is a call that can be made as it stands, with nothing left out."""
    try:
        ast.parse(text, mode="eval")
    except SyntaxError:
        return False
    return bool(CALL.match(text)) and "..." not in text


def filled(text: str) -> str:
    """With something in place of what the reader is to put in."""
    for placeholder, value in PLACEHOLDERS.items():
        text = re.sub(placeholder, value, text)
    return text


# Running


def run(text: str) -> Ran:
    """Do what a page says, as its reader would."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        code, said = _run(text, Path(folder))
    return Ran(text, code, said, time.monotonic() - began)


def run_python(page: Path) -> Ran:
    """Run the Python of a page."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        code, said = _ended([sys.executable, "-c", python(page)], Path(folder))
    return Ran("the Python of this page", code, said, time.monotonic() - began)


def _run(text: str, folder: Path) -> tuple[int, str]:
    np.save(folder / "numbers.npy", np.arange(100_000.0))
    (folder / "program.py").write_text("print(sum(range(1000)))")
    shutil.copy(KEPT_RUN, folder / "kept.json")
    (folder / "src").mkdir()
    shutil.copy(CHECKED, folder / "src" / "one.c")
    (folder / "known.json").write_text('{"format": "gil-demo/check", "findings": []}')
    if COMPLETION.search(text):
        return _completion(text, folder)
    if LOOKED_AT.match(text):
        return _looked_at(text, folder)
    text = filled(text)
    if EXPORTS.match(text):
        text += " --quick"
    if text in ONLY_NAMED:
        text += " --help"
    if SCREENS.match(text):
        return _at_a_terminal(text, folder)
    return _ended(["sh", "-ec", text], folder)


def _completion(text: str, folder: Path) -> tuple[int, str]:
    """The line itself in bash; of another shell's, the part that has to do with gil-demo.

    Other shells may not be here, or set completion up only on a screen.
    """
    (shell,) = COMPLETION.findall(text)
    if shell == "bash" and shutil.which("bash"):
        return _ended(["bash", "-ec", text], folder)
    made = COMPLETION.search(text)
    assert made
    code, said = _ended(["sh", "-ec", made[0]], folder)
    return (code, said) if "gil-demo" in said else (1, f"no completion for {shell}: {said!r}")


def _looked_at(text: str, folder: Path) -> tuple[int, str]:
    program, *arguments = shlex.split(text)
    if program == "make":
        return _ended(["make", "-C", str(ROOT), "--dry-run", *arguments], folder)
    if program == "python":
        return (0, "") if (ROOT / arguments[0]).exists() or "NAME" in text else (1, "no such file")
    return _ended(["bash", "-n", str(ROOT / program)], folder)


def _at_a_terminal(text: str, folder: Path) -> tuple[int, str]:
    """Run the first step there is, and leave."""
    child: pexpect.spawn[str] = pexpect.spawn(
        "sh",
        ["-ec", f"exec {text}"],
        cwd=str(folder),
        env=_surroundings(folder),
        dimensions=(24, 80),
        encoding="utf-8",
        timeout=LIMIT_SECONDS,
    )
    try:
        for key in ("\r", "q"):
            child.expect_exact("q: quit")
            while termios.tcgetattr(child.child_fd)[3] & termios.ICANON and child.isalive():
                time.sleep(0.01)
            child.send(key)
        child.expect(pexpect.EOF)
        child.wait()
    except pexpect.ExceptionPexpect:
        return 1, f"not what a lesson shows: {child.before}"
    finally:
        child.close(force=True)
    return child.exitstatus if child.exitstatus is not None else 1, ""


def _ended(arguments: list[str], folder: Path) -> tuple[int, str]:
    try:
        ended = subprocess.run(
            arguments,
            cwd=folder,
            env=_surroundings(folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            timeout=LIMIT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return 1, f"not done after {LIMIT_SECONDS} s"
    return ended.returncode, ended.stdout


def _surroundings(folder: Path) -> dict[str, str]:
    """This interpreter's commands first, and a place of its own for what is kept."""
    inherited = {name: value for name, value in os.environ.items() if name not in FROM_MAKE}
    return inherited | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
    }


# All of it


def main() -> int:
    """Run everything, a line each; 1 if anything did not do what its page says."""
    pages: dict[str, list[str]] = {}
    for page in PAGES:
        for text in dict.fromkeys(commands(page)):
            pages.setdefault(text, []).append(page.name)
    not_run = [text for text in pages if INSTALLS.match(text)]
    to_run = [text for text in pages if text not in not_run]
    scripts = {page: page.name for page in PAGES if len(python(page).splitlines()) > 3}
    failed = 0
    # A process with threads should not fork, which a terminal takes: these first, one by one.
    at_a_terminal = [text for text in to_run if SCREENS.match(text)]
    for text in at_a_terminal:
        failed += _tell(run(text), pages[text])
    with ThreadPoolExecutor(AT_ONCE) as threads:
        others = (text for text in to_run if text not in at_a_terminal)
        for ran in threads.map(run, others):
            failed += _tell(ran, pages[ran.text])
        for page, ran in zip(scripts, threads.map(run_python, scripts), strict=True):
            failed += _tell(ran, [page.name])
    for text in not_run:
        print(f"not run, installs: {text}")
    print(f"commands of the documentation: {len(to_run) + len(scripts)} run, {failed} failed")
    return min(failed, 1)


def _tell(ran: Ran, pages: list[str]) -> bool:
    ended = "ok" if ran.code == 0 else f"{ran.code}, inconclusive" if ran.good else "FAILED"
    print(f"{ended:<6} {ran.seconds:5.1f} s  {ran.text}  ({', '.join(pages)})", flush=True)
    if not ran.good:
        print(f"exit code {ran.code}\n{ran.said[-2000:]}", flush=True)
    return not ran.good


if __name__ == "__main__":
    sys.exit(main())
