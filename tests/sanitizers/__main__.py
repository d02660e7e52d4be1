"""Builds each pair under two sanitizers, and runs both halves.

A pair that needs no interpreter has a driver beside this file, which includes the
pattern's own C and says in its first line which sanitizer flags the unsafe half:
``/* flagged by: thread */``, ``address`` or ``neither``. All other pairs are run by a
stock Python that has the sanitizer preloaded; which one flags the unsafe half, their
page says. What only loses time is not judged there.

A safe half must be silent under both in every run, an unsafe half must be flagged by the
one that is named, and the pattern's page must name the same one.

``python -m tests.sanitizers 5`` runs each safe half 5 times in place of 50.
"""

import re
import subprocess
import sys
import tempfile
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from gil_demo.gallery import registry
from gil_demo.host import toolchain
from gil_demo.host.machine import usable_cores

from . import preloaded

HERE = Path(__file__).parent
CSRC = HERE.parent.parent / "csrc"
PAGES = HERE.parent.parent / "gil_demo" / "patterns"

SANITIZERS = {"thread": "thread", "address": "address,undefined"}
NAMES = {
    "thread": "ThreadSanitizer",
    "address": "AddressSanitizer",
    "undefined": "UndefinedBehaviorSanitizer",
    "neither": "Neither sanitizer",
}
REPORTS = {
    "thread": "WARNING: ThreadSanitizer",
    "address": "ERROR: AddressSanitizer",
    "undefined": "runtime error:",
}
SAFE_RUNS = 50
UNSAFE_RUNS = 5
TIME_LIMIT_SECONDS = 60.0

WORKERS = 2 * usable_cores()
"""Two for each core: a half that ends in a deadlock sleeps for seconds."""

NAMED = re.compile(r"/\* flagged by: (\w+) \*/")
CLAIM = re.compile(r"(\w+Sanitizer|Neither\s+sanitizer)\s+flags\s+the\s+unsafe\s+half")

Spoken = list[set[str]]
"""Which sanitizers spoke, in each run."""


def build(driver: Path, sanitizer: str, folder: Path) -> Path:
    """Compile a driver with a sanitizer; the program."""
    program = folder / f"{driver.stem}-{sanitizer}"
    flags = ["-std=c11", "-D_DEFAULT_SOURCE", "-DWITHOUT_PYTHON", f"-I{CSRC}", "-pthread"]
    flags += ["-g", "-O1", "-fno-inline", "-Wall", "-Wextra", "-Werror"]
    flags += [f"-fsanitize={SANITIZERS[sanitizer]}", "-fno-sanitize-recover=undefined"]
    subprocess.run(
        [*toolchain.compiler(), *flags, str(driver), "-o", str(program), "-lm"], check=True
    )
    return program


def spoke(errors: str) -> set[str]:
    """The sanitizers that reported something on standard error."""
    return {name for name, report in REPORTS.items() if report in errors}


def run_program(program: Path, half: str) -> set[str]:
    """Run a half of a driver once; the sanitizers that spoke."""
    done = subprocess.run(
        [program, half], capture_output=True, text=True, timeout=TIME_LIMIT_SECONDS, check=False
    )
    found = spoke(done.stderr)
    if done.returncode != 0 and not found:
        raise RuntimeError(f"{program.name} {half} ended with {done.returncode}: {done.stderr}")
    return found


def flagged_by(stem: str) -> str | None:
    """The sanitizer that a driver names in its first line, or a page where there is no driver."""
    driver = HERE / f"{stem}.c"
    if driver.exists():
        named = NAMED.match(driver.read_text())
        return named[1] if named else None
    return next((name for name, text in NAMES.items() if claims(stem) == [text]), None)


def claims(stem: str) -> list[str]:
    """What a page says of who flags the unsafe half."""
    found = CLAIM.findall((PAGES / f"{stem}.py").read_text())
    return [" ".join(claim.split()) for claim in found]


def compare_page(stem: str, judged: bool) -> list[str]:
    """What is wrong with a page's claim, in a sentence: it must be made where it is judged."""
    named = NAMES.get(flagged_by(stem) or "")
    if claims(stem) == ([named] if judged else []):
        return []
    wanted = named or f"one of {', '.join(NAMES.values())}" if judged else "nothing"
    return [
        f"{stem}: its page must say of {wanted} that it flags the unsafe half,"
        f" and says it of {claims(stem) or 'nothing'}"
    ]


def judge(stem: str, sanitizer: str, unsafe: Spoken, safe: Spoken) -> list[str]:
    """What is wrong with a pair, a sentence each; prints what was seen."""
    print(
        f"{stem:24} {sanitizer:8} unsafe flagged {sum(map(bool, unsafe))} of {len(unsafe)},"
        f" safe flagged {sum(map(bool, safe))} of {len(safe)}",
        flush=True,
    )
    named = flagged_by(stem)
    faults = []
    if any(safe):
        faults.append(f"{stem}: the {sanitizer} sanitizer flags the safe half")
    if named in SANITIZERS[sanitizer].split(",") and not all(named in run for run in unsafe):
        faults.append(f"{stem}: {NAMES[named]} misses the unsafe half")
    if named == "neither" and any(unsafe):
        faults.append(f"{stem}: the {sanitizer} sanitizer flags the unsafe half")
    return faults


def judge_driver(driver: Path, sanitizer: str, folder: Path, safe_runs: int) -> list[str]:
    """What is wrong with a pair that needs no interpreter."""
    program = build(driver, sanitizer, folder)
    unsafe = [run_program(program, "unsafe") for _ in range(UNSAFE_RUNS)]
    safe = [run_program(program, "safe") for _ in range(safe_runs)]
    return judge(driver.stem, sanitizer, unsafe, safe)


def judge_preloaded(
    stem: str, sanitizer: str, prepared: Future[preloaded.Python], safe_runs: int
) -> list[str]:
    """What is wrong with a pair that needs the interpreter."""
    runs = prepared.result().run(stem.replace("_", "-"), UNSAFE_RUNS, safe_runs)
    unsafe, safe = ([spoke(errors) for _, errors in runs[half]] for half in ("unsafe", "safe"))
    faults = judge(stem, sanitizer, unsafe, safe)
    odd = {outcome for outcome, _ in runs["safe"]} - {"ok"}
    if flagged_by(stem) == "neither":  # then it must have gone wrong, and nobody said so
        (subject,) = registry.subjects(stem.replace("_", "-"))
        # a sanitizer's own thread never sleeps, so nobody can see that the others are in a deadlock
        silent = {"ok"} if subject.expected("unsafe") == "deadlock" else {"ok", "unfinished"}
        odd |= {outcome for outcome, _ in runs["unsafe"]} & silent
    if odd:
        faults.append(f"{stem}: under the {sanitizer} sanitizer a half ended in {', '.join(odd)}")
    return faults


def main(safe_runs: int = SAFE_RUNS) -> int:
    """Judge every page and every pair; 1 if anything is wrong."""
    drivers = sorted(HERE.glob("*.c"))
    native = {driver.stem for driver in drivers}
    patterns = {one.module.__name__.rpartition(".")[2]: one for one in registry.load_all()}
    others = {stem for stem, one in patterns.items() if not one.timed} - native
    faults = []
    for stem in sorted(patterns):
        faults += compare_page(stem, judged=stem in native | others)
    with (
        tempfile.TemporaryDirectory() as name,
        ThreadPoolExecutor(WORKERS) as pool,
    ):
        folder = Path(name)
        prepared = {
            sanitizer: pool.submit(preloaded.prepare, sanitizer, flag, folder)
            for sanitizer, flag in SANITIZERS.items()
        }
        jobs = [
            pool.submit(judge_driver, driver, sanitizer, folder, safe_runs)
            for driver in drivers
            for sanitizer in SANITIZERS
        ]
        jobs += [
            pool.submit(judge_preloaded, stem, sanitizer, prepared[sanitizer], safe_runs)
            for stem in sorted(others)
            for sanitizer in SANITIZERS
        ]
        try:
            for job in jobs:
                try:
                    faults += job.result()
                except (RuntimeError, subprocess.SubprocessError) as error:
                    faults.append(str(error))
        finally:
            pool.shutdown(cancel_futures=True)
    for fault in dict.fromkeys(faults):
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
