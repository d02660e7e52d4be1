"""Types random command lines, each in a process of its own.

    python -m tests.faults.command_lines 2000

Each must end with a documented exit code: with 2 after one line on standard error that steers
no terminal, with another in silence there. Calls are shorter than usual, and there are only two
patterns; otherwise all is real.
"""

import os
import random
import sys
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from gil_demo.__main__ import main
from gil_demo.cli import cli
from gil_demo.cli.commands import SUMMARIES
from gil_demo.exit_codes import BAD_INPUT, CONTRADICTED, DONE, INCONCLUSIVE
from gil_demo.gallery import registry
from gil_demo.measuring import plan

from .forked import Ended, folder_of_its_own, forked, warm

DOCUMENTED = {DONE, CONTRADICTED, BAD_INPUT, INCONCLUSIVE}

FILES = (
    "numbers.npy",
    "broken.npy",
    "new.svg",
    "old.csv",
    "missing/new.csv",
    "folder",
    "loop",
    "loop/x",
    "dangling",
    "fifo",
    "kept.json",
    "/dev/null",
    "/dev/stdout",
    "/dev/full",
    "/proc/new",
    "/",
    "-",
    "",
    "ü 漢字.html",
    "\x1b]0;title\x07",
    "\u202egnp.exe",
    "a\nb",
    "x" * 300,
    "\udcff",
)

VALUES = (
    "0",
    "1",
    "2",
    "-1",
    "1,2",
    "1,,2",
    "257",
    "1k",
    "20k",
    "999999999999999999999",
    "9" * 5000,
    "1e9",
    "nan",
    "٣",
    "1_0",
    "",
    " ",
    "sum",
    "scale",
    "spin",
    "safe",
    "picture",
    "scaling",
    "patterns",
    "dark",
    "3-",
    "5-3",
    "1-",
    "%s%n",
    "--",
    "\x00x"[1:],
    "\x1b[2J",
    "lost-update",
    "gilexample/released",
    "Py_INCREF",
    "nosuch",
)

CHEAP = {
    "run": ["--rounds", "1", "--size", "2k"],
    "tour": ["--no-input", "--step", "11"],
    "try": ["nested-begin"],
}
"""Some lines begin with these, so that more than a refusal comes of them."""


def furnish(folder: Path) -> None:
    """Make the files that the command lines name."""
    np.save(folder / "numbers.npy", np.arange(2000.0))
    (folder / "broken.npy").write_bytes(b"\x93NUMPY\x01\x00v\x00{'descr")
    (folder / "old.csv").write_text("before")
    (folder / "folder").mkdir()
    (folder / "loop").symlink_to("loop")
    (folder / "dangling").symlink_to("missing/x")
    (folder / "kept.json").write_text('{"format": "gil-demo/run", "version": 2}')
    os.mkfifo(folder / "fifo")


def command_line(choose: random.Random) -> list[str]:
    """Make up a command line."""
    name = choose.choice([*SUMMARIES, choose.choice(VALUES)])
    words = [name] if choose.random() < 0.98 else []
    if choose.random() < 0.7:
        words += CHEAP.get(name, [])
    command = cli.get_command(None, name)
    options = [one for part in (command.params if command else []) for one in part.opts]
    for _ in range(choose.randrange(5)):
        words.append(choose.choice([*options, choose.choice(VALUES), "--help", "--nope"]))
        if choose.random() < 0.6:
            words.append(choose.choice([*FILES, *VALUES]))
    if name in {"watch", "guard"}:  # they run a program as Python does, which reads this for ever
        words = [word for word in words if word != "/dev/full"]
    return words


def carry_out(arguments: Sequence[str]) -> None:
    """Run one command line in this process, with shorter calls and few patterns."""
    few = registry.load_all()[:2]
    registry.load_all = lambda: few  # type: ignore[assignment]  # it is a cached function
    plan.CALL_SECONDS = 0.002
    sys.argv = ["gil-demo", *arguments]
    main()


def fault(ended: Ended, *, program: bool) -> str:
    """Say what is wrong with an end, if anything is.

    A command that runs somebody's `program` ends as that does, and passes on what it says.
    """
    if ended.code is None:
        return "hangs"
    if program and ended.code != BAD_INPUT:
        return f"leaves {', '.join(ended.left)}" if ended.left else ""
    if ended.code not in DOCUMENTED:
        return f"ends with {ended.code}: {ended.err.strip().splitlines()[-1:]}"
    if ended.left:
        return f"leaves {', '.join(ended.left)}"
    line = ended.err.removesuffix("\n")
    if ended.code == BAD_INPUT and not (line.startswith("gil-demo: ") and line.isprintable()):
        return f"says {ended.err!r}"
    if ended.code != BAD_INPUT and ended.err:
        return f"ends with {ended.code} and says {ended.err!r}"
    return ""


def typed(lines: int, seed: int = 0) -> tuple[Counter[int | None], list[str]]:
    """Type that many command lines; return their exit codes, and the faults."""
    warm()
    choose, codes, faults = random.Random(seed), Counter[int | None](), []
    for _ in range(lines):
        words = command_line(choose)
        with folder_of_its_own() as folder:
            furnish(folder)
            os.environ["XDG_CONFIG_HOME"] = str(folder)
            ended = forked(partial(carry_out, words), folder)
        codes[ended.code] += 1
        if wrong := fault(ended, program=words[:1] in (["watch"], ["guard"])):
            faults.append(f"{words}: {wrong}")
    return codes, faults


if __name__ == "__main__":
    codes, faults = typed(*map(int, sys.argv[1:]))
    print(f"{codes.total()} command lines, {len(faults)} wrong; exit codes {dict(codes)}")
    print(*faults, sep="\n")
    sys.exit(bool(faults))
