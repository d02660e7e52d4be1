"""Looks at packages as a person gets them: ``python -m tests.packages FOLDER``.

The folder has the archive and the wheels that ``make wheels`` made. The archive must hold the
files of this tree, no more and no fewer; README's pictures and links must be absolute and lead
to files of the tree; the C modules must be this interpreter's own. Then the wheel is installed in
an environment of its own, and what it offers is used in an empty folder.
"""

import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import tomllib
import venv
import zipfile
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

PLACEHOLDER = "https://example.org/"

BY_THE_BUILD = r"PKG-INFO|setup\.cfg|gil_demo\.egg-info(/.*)?"
"""Files of an archive that are in no tree."""

OFFLINE = [
    ["show", "lost-update"],
    ["show", "gilexample"],
    ["list"],
    ["tour", "--list"],
    ["tour", "--notes"],
    ["tour", "--no-input", "--step", "7"],
    ["check", "--explain", "api-in-block"],
    ["check", "mine.c"],
    ["run", "--quick"],
    ["try", "lost-update"],
    ["doctor", "gil_demo._held", "gil_demo._released", "gil_demo._patterns", "gil_demo._guard"],
]
"""Commands that need no tree."""

LIMIT_SECONDS = 120


def main() -> int:
    """Look at everything, print a line for each finding, and return the exit code."""
    folder = Path(sys.argv[1])
    (archive,) = folder.glob("*.tar.gz")
    wheels = sorted(folder.glob("*.whl"))
    findings = [*wrong_in_archive(archive)]
    for wheel in wheels:
        findings += wrong_in_wheel(wheel)
    own = [one for one in wheels if f"-{tag()}-" in one.name]
    findings += wrong_in_use(own[0]) if own else ["there is no wheel for this interpreter"]
    print(*(f"packages: {one}" for one in findings), sep="\n", end="\n" if findings else "")
    if PROJECT["urls"]["Source"].startswith(PLACEHOLDER):
        print("packages: note: Source in pyproject.toml is a placeholder; nothing to upload yet")
    print(f"packages: {archive.name} and {len(wheels)} wheel(s) seen, {len(findings)} finding(s)")
    return 1 if findings else 0


def tag() -> str:
    """Return the tags of interpreter and build that this interpreter's wheels have."""
    version = "cp{}{}".format(*sys.version_info)
    return f"{version}-{version}{'t' if sysconfig.get_config_var('Py_GIL_DISABLED') else ''}"


def wrong_in_archive(archive: Path) -> Iterator[str]:
    """Compare the archive with the files that Git knows, or tell that Git cannot be asked."""
    with tarfile.open(archive) as opened:
        names = {one.name.partition("/")[2] for one in opened.getmembers() if one.isfile()}
    held = {one for one in names if not re.fullmatch(BY_THE_BUILD, one)}
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        yield "the archive cannot be compared with a tree that Git does not know"
        return
    known = {one for one in listed.stdout.split("\0") if one and (ROOT / one).exists()}
    yield from (f"the archive lacks {one}" for one in sorted(known - held))
    yield from (f"the archive has {one}, which Git does not know" for one in sorted(held - known))


def wrong_in_wheel(wheel: Path) -> Iterator[str]:
    """Look at a wheel's description and at the names of its C modules."""
    with zipfile.ZipFile(wheel) as opened:
        names = opened.namelist()
        (metadata,) = [name for name in names if name.endswith(".dist-info/METADATA")]
        text = message_from_bytes(opened.read(metadata)).get_payload()
    yield from wrong_links(str(text))
    interpreter, build = wheel.name.split("-")[2:4]
    wanted = rf"\.cpython-{build.removeprefix('cp')}-\w[^/]*\.so"
    for name in names:
        if name.endswith(".so") and not re.search(wanted, name):
            yield f"{name} could be loaded by another interpreter than {interpreter}-{build}"


def wrong_links(text: str) -> Iterator[str]:
    """Look at each link and each picture of a description."""
    begin = re.escape(f"{PROJECT['urls']['Source']}/")
    links = re.findall(r"(!?)\[[^]]*\]\(([^)]+)\)", text)
    if not any(mark for mark, _ in links):
        yield "the description has no picture"
    for mark, link in links:
        ours = re.fullmatch(rf"{begin}(raw|blob)/v([^/]+)/([^#]+)(#.*)?", link)
        if ours is None:
            if not link.startswith("https://") or mark:
                yield f"the description has the address {link}, which nobody finds on an index"
        elif (ours[1] == "raw") != bool(mark) or ours[2] != PROJECT["version"]:
            yield f"the description has the address {link}, of another kind or version"
        elif not (ROOT / ours[3]).is_file():
            yield f"the description has the address {link}, and there is no such file"


def wrong_in_use(wheel: Path) -> Iterator[str]:
    """Install a wheel where there is nothing else, and use it in an empty folder."""
    with tempfile.TemporaryDirectory() as name:
        home, folder = Path(name, "venv"), Path(name, "empty")
        folder.mkdir()
        (folder / "mine.c").write_text("int main(void) { return 0; }\n")
        venv.create(home, with_pip=True)
        python = home / "bin" / "python"
        environment = {**os.environ, "PIP_CONSTRAINT": str(ROOT / "constraints.txt")}
        install = [
            str(python),
            "-m",
            "pip",
            "install",
            "--quiet",
            f"gil-demo[check] @ {wheel.resolve().as_uri()}",
        ]
        subprocess.run(install, env=environment, cwd=folder, check=True)
        for command in OFFLINE:
            ended = subprocess.run(
                [home / "bin" / "gil-demo", *command],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=LIMIT_SECONDS,
            )
            if ended.returncode or not ended.stdout.strip():
                said = (ended.stderr.strip().splitlines() or ["nothing on standard error"])[-1]
                yield f"gil-demo {' '.join(command)} ended with {ended.returncode}: {said}"


if __name__ == "__main__":
    sys.exit(main())
