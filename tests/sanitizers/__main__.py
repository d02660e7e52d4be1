"""Builds each pair that needs no interpreter under two sanitizers, and runs both halves.

A driver beside this file includes a pattern's own C and says in its first line which
sanitizer flags the unsafe half: ``/* flagged by: thread */``, ``address`` or ``neither``.
A safe half must be silent under both in every run, an unsafe half must be flagged by the
one that is named, and the pattern's page must name the same one.
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
PAGES = HERE.parent.parent / "gil_demo" / "patterns"

SANITIZERS = {"thread": "thread", "address": "address,undefined"}
NAMES = {
    "thread": "ThreadSanitizer",
    "address": "AddressSanitizer",
    "neither": "Neither sanitizer",
}
RUNS = 50
UNSAFE_RUNS = 5
TIME_LIMIT_SECONDS = 60.0
REPORT = re.compile(r"WARNING: ThreadSanitizer|ERROR: AddressSanitizer|runtime error:")
NAMED = re.compile(r"/\* flagged by: (\w+) \*/")
CLAIM = re.compile(r"(\w+Sanitizer|Neither sanitizer)\s+flags\s+the\s+unsafe\s+half")


def build(driver: Path, sanitizer: str, folder: Path) -> Path:
    """Compile a driver with a sanitizer; the program."""
    program = folder / f"{driver.stem}-{sanitizer}"
    compiler = shlex.split(sysconfig.get_config_var("CC") or "cc")
    flags = ["-std=c11", "-D_DEFAULT_SOURCE", "-DWITHOUT_PYTHON", f"-I{CSRC}", "-pthread"]
    flags += ["-g", "-O1", "-fno-inline", "-Wall", "-Wextra", "-Werror"]
    flags += [f"-fsanitize={SANITIZERS[sanitizer]}", "-fno-sanitize-recover=undefined"]
    subprocess.run([*compiler, *flags, str(driver), "-o", str(program), "-lm"], check=True)
    return program


def flagged(program: Path, half: str) -> bool:
    """Whether the sanitizer spoke in one run of a half."""
    done = subprocess.run(
        [program, half], capture_output=True, text=True, timeout=TIME_LIMIT_SECONDS, check=False
    )
    spoke = bool(REPORT.search(done.stderr))
    if done.returncode != 0 and not spoke:
        raise RuntimeError(f"{program.name} {half} ended with {done.returncode}: {done.stderr}")
    return spoke


def flagged_by(driver: Path) -> str | None:
    """The sanitizer that a driver names in its first line."""
    named = NAMED.match(driver.read_text()) if driver.exists() else None
    return named[1] if named else None


def compare_page(page: Path) -> list[str]:
    """What is wrong with a page's claim, in a sentence: it must be what the driver says."""
    named = NAMES.get(flagged_by(HERE / f"{page.stem}.c") or "")
    claims = CLAIM.findall(page.read_text())
    if claims == ([named] if named else []):
        return []
    return [f"{page.name}: claims {claims or 'nothing'}, its driver {named or 'nothing'}"]


def judge(driver: Path, folder: Path) -> list[str]:
    """What is wrong with a pair, a sentence each; prints what was seen."""
    named = flagged_by(driver)
    if named not in NAMES:
        return [f"{driver.name}: its first line must be /* flagged by: {' | '.join(NAMES)} */"]
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
        if sanitizer == named and unsafe < UNSAFE_RUNS:
            faults.append(f"{driver.stem}: the {sanitizer} sanitizer misses the unsafe half")
        if named == "neither" and unsafe:
            faults.append(f"{driver.stem}: the {sanitizer} sanitizer flags the unsafe half")
    return faults


def main() -> int:
    """Judge every page and every driver; 1 if anything is wrong."""
    faults = [fault for page in sorted(PAGES.glob("*.py")) for fault in compare_page(page)]
    with tempfile.TemporaryDirectory() as folder:
        for driver in sorted(HERE.glob("*.c")):
            faults += judge(driver, Path(folder))
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
