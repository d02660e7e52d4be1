"""What Python may call is said once, in the C, and the build reads it there."""

import fcntl
import json
import re
import subprocess
import sys
import sysconfig
import time
import tomllib
from importlib.machinery import ExtensionFileLoader, FileFinder
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from gil_demo.csource.functions import functions, items
from gil_demo.csource.tokens import tokens
from gil_demo.native import kernels
from gil_demo.native.patterns import patterns

ROOT = Path(__file__).parent.parent
CSRC = ROOT / "csrc"
C_FILES = sorted(CSRC.glob("*/*.c"))


@pytest.fixture(scope="module")
def build() -> ModuleType:
    """csrc/build.py, which is no part of the package."""
    spec = spec_from_file_location("build", CSRC / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def kernels_text(suffix: str) -> str:
    """The kernels' headers, or their C files, in one text."""
    return "\n".join(path.read_text() for path in sorted((CSRC / "kernels").glob(f"*.{suffix}")))


def test_the_headers_declare_what_the_c_does_not_keep_to_itself() -> None:
    """Python may call every function that is not static, and no other."""
    defined = functions(kernels_text("c"))
    declared = {
        name
        for item in items(kernels_text("h"))
        if not item.head.startswith("typedef")
        for name in item.names
    }
    assert declared == {one.name for one in defined if not one.static}
    assert {one.name for one in defined if one.static} >= {"add", "one_pass"}


def test_the_modules_offer_what_the_headers_declare() -> None:
    """The held module and the released one alike."""
    declared = {name for item in items(kernels_text("h")) for name in item.names}
    types = {"kernel", "kernel_call"}
    for module in {id(one): one for one in kernels._MODULES.values()}.values():
        assert set(dir(module.lib)) == declared - types


def test_python_may_call_every_function_of_a_pattern_that_is_not_static() -> None:
    """A new C file needs no declaration elsewhere."""
    offered = {
        one.name
        for path in (CSRC / "patterns").glob("*.c")
        for one in functions(path.read_text())
        if not one.static
    }
    _, lib = patterns()
    assert set(dir(lib)) == offered | {"fill_numpy_api", "pattern_source"}


def test_python_knows_the_fields_of_the_lab() -> None:
    """Their names, places and size come from the header."""
    ffi, _ = patterns()
    assert [name for name, _ in ffi.typeof("lab").fields] == [
        "step",
        "met",
        "done",
        "total",
        "length",
    ]


@pytest.mark.parametrize("path", C_FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_c_file_includes_another(path: Path) -> None:
    """Each is compiled by itself, and what they share is in headers."""
    directives = [token.text for token in tokens(path.read_text()) if token.kind == "directive"]
    assert [text for text in directives if re.search(r"#\s*include.*\.c[\">]", text)] == []


@pytest.mark.parametrize("path", C_FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_c_file_begins_by_saying_what_it_is(path: Path) -> None:
    """A reader who opens it first meets a comment."""
    assert path.read_text().startswith("/* ")


def test_held_and_released_differ_in_two_macros(build: ModuleType) -> None:
    """The held module has the same C as the released one, and blanks the macros before it."""
    (_, held, _, held_with), (_, released, _, released_with) = (
        getattr(build, name)._assigned_source for name in ("held", "released")
    )
    assert held == build.HELD + released
    assert held_with == released_with
    assert re.findall(r"#define (\w+) (\S)", build.HELD) == [
        ("Py_BEGIN_ALLOW_THREADS", "{"),
        ("Py_END_ALLOW_THREADS", "}"),
    ]


EXTENSIONS = [
    f"gil_demo.{name}"
    for name in ("_held", "_released", "_patterns", "_guard", "gilexample", "gilexample_safe")
]

OTHER_SUFFIXES = {
    "3.14t": [".cpython-314t-x86_64-linux-gnu.so", ".abi3.so", ".so"],
    "3.15t": [".cpython-315t-x86_64-linux-gnu.so", ".abi3t.so", ".so"],
    "another GIL build": [".cpython-399-x86_64-linux-gnu.so", ".abi3.so", ".so"],
}
"""The ends of names that other interpreters look for, as `importlib.machinery` has them."""


def found_at(name: str) -> str:
    """The file of a C module, which is not loaded: gilexample would turn the GIL on."""
    spec = find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    return spec.origin


@pytest.mark.parametrize("other", OTHER_SUFFIXES)
def test_no_other_interpreter_finds_a_c_module_of_this_one(other: str, tmp_path: Path) -> None:
    """A free-threaded build would load a module in the stable ABI, and count references wrongly."""
    own = sysconfig.get_config_var("EXT_SUFFIX")
    suffixes = [one for one in OTHER_SUFFIXES[other] if one != own]
    for name in EXTENSIONS:
        file = Path(found_at(name))
        (tmp_path / file.name).touch()
        stem = name.rpartition(".")[2]
        mine = FileFinder(str(tmp_path), (ExtensionFileLoader, [own])).find_spec(stem)
        theirs = FileFinder(str(tmp_path), (ExtensionFileLoader, suffixes)).find_spec(stem)
        assert mine is not None
        assert theirs is None


def waits_for_a_lock(pid: int) -> bool:
    """Whether Linux lists the process among those that wait for a lock on a file."""
    lines = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    return any(line[1] == "->" and line[5] == str(pid) for line in lines)


def test_a_build_waits_for_another_one_in_the_same_tree() -> None:
    """While one has the lock, the next does not begin; then it goes on by itself."""
    with (ROOT / "setup.py").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        build = subprocess.Popen(
            [sys.executable, "setup.py", "--version"], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        while not waits_for_a_lock(build.pid):
            assert build.poll() is None
            time.sleep(0.01)
    shown, _ = build.communicate(timeout=60)
    assert build.returncode == 0
    assert re.fullmatch(r"\d+\.\d+\.\d+", shown.split()[-1])


@pytest.mark.parametrize(
    ("here", "refusal"),
    [
        (
            "numpy.__version__ = '1.26.4'",
            "gil-demo is built with NumPy 2 or later, and here is 1.26.4",
        ),
        ("os.name = 'nt'", "gil-demo needs Linux or macOS. On Windows, work in WSL"),
    ],
)
def test_a_build_that_cannot_succeed_is_refused_in_one_line(here: str, refusal: str) -> None:
    """Old headers have too few functions, which would show only when the module is loaded."""
    pretend = f"import numpy, os, pathlib, runpy, setuptools; {here}; runpy.run_path('setup.py')"
    ended = subprocess.run(
        [sys.executable, "-c", pretend, "--version"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith(refusal)
    assert ended.stderr.count("\n") == 1


def test_the_hook_installs_the_parser_that_the_check_needs() -> None:
    """Another project's pre-commit gets the versions of pyproject.toml: older ones crash."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"][
        "optional-dependencies"
    ]
    hooks = (ROOT / ".pre-commit-hooks.yaml").read_text("utf-8")
    (installed,) = re.findall(r"additional_dependencies: (\[.*\])", hooks)
    assert json.loads(installed) == extras["check"]
