"""Builds each pair that needs no interpreter under two sanitizers, and runs both halves.

A driver beside this file includes a pattern's own C and says in its first line which
sanitizer flags the unsafe half: ``/* flagged by: thread */``. A safe half must be
silent under both in every run, an unsafe half must be flagged by the one that is named.
"""

import re
import shlex
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
CSRC = HERE.parent.parent / "csrc"

SANITIZERS = {"thread": "thread", "address": "address,undefined"}
RUNS = 50
UNSAFE_RUNS = 5
REPORT = re.compile(r"WARNING: ThreadSanitizer|ERROR: AddressSanitizer|runtime error:")


def build(driver: Path, sanitizer: str, folder: Path) -> Path:
    """Compile a driver with a sanitizer; the program."""
    program = folder / f"{driver.stem}-{sanitizer}"
    compiler = shlex.split(sysconfig.get_config_var("CC") or "cc")
    flags = f"-std=c11 -D_DEFAULT_SOURCE -DWITHOUT_PYTHON -I{CSRC} -g -O1 -pthread".split()
    flags += [f"-fsanitize={SANITIZERS[sanitizer]}", "-fno-sanitize-recover=undefined"]
    subprocess.run([*compiler, *flags, str(driver), "-o", str(program), "-lm"], check=True)
    return program


def flagged(program: Path, half: str) -> bool:
    """Whether one run of a half made the sanitizer speak, or end the program."""
    done = subprocess.run([program, half], capture_output=True, text=True, timeout=60, check=False)
    return done.returncode != 0 or bool(REPORT.search(done.stderr))


def judge(driver: Path, folder: Path) -> list[str]:
    """What is wrong with a pair, a sentence each; prints what was seen."""
    named = re.match(r"/\* flagged by: (\w+) \*/", driver.read_text())
    if named is None or named[1] not in SANITIZERS:
        return [f"{driver.name}: its first line must be /* flagged by: thread */ or address"]
    faults = []
    for sanitizer in SANITIZERS:
        program = build(driver, sanitizer, folder)
        unsafe = sum(flagged(program, "unsafe") for _ in range(UNSAFE_RUNS))
        safe = sum(flagged(program, "safe") for _ in range(RUNS))
        print(
            f"{driver.stem:24} {sanitizer:8} unsafe flagged {unsafe} of {UNSAFE_RUNS},"
            f" safe flagged {safe} of {RUNS}",
            flush=True,
        )
        if safe:
            faults.append(f"{driver.stem}: the {sanitizer} sanitizer flags the safe half")
        if sanitizer == named[1] and unsafe < UNSAFE_RUNS:
            faults.append(f"{driver.stem}: the {sanitizer} sanitizer misses the unsafe half")
    return faults


def main() -> int:
    """Judge every driver; 1 if anything is wrong."""
    with tempfile.TemporaryDirectory() as folder:
        faults = [
            fault for driver in sorted(HERE.glob("*.c")) for fault in judge(driver, Path(folder))
        ]
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
