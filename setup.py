"""What pyproject.toml cannot say: the C modules, the README's addresses, one build at a time."""

import os
import re
import sys
import sysconfig
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import numpy
from setuptools import Extension, setup


def load(file: str) -> ModuleType:
    """Load a file of the package, which cannot be imported before it is built."""
    spec = spec_from_file_location(Path(file).stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


STRICT = ["-std=c11", "-Werror=implicit-function-declaration"]
"""Older compilers let a function pass that no header has; then a module does not load."""


def extension(name: str, *files: str) -> Extension:
    """Describe an extension in plain C, without cffi."""
    return Extension(
        f"gil_demo.{name}",
        list(files),
        include_dirs=["csrc", numpy.get_include()],
        depends=[str(path) for path in Path("csrc").glob("*/*.h")],
        # -g: gil-demo guard names the line of a faulty access
        extra_compile_args=[*STRICT, "-fvisibility=hidden", "-O2", "-g"],
        extra_link_args=["-pthread"],
    )


def c_files(folder: str) -> list[str]:
    """List the C files of a folder below csrc."""
    return sorted(str(path) for path in Path("csrc", folder).glob("*.c"))


def readme() -> str:
    """Return README.md with addresses that work outside of the tree, too, as on a package index.

    They begin with the one address in pyproject.toml, and continue as on GitHub and GitLab.
    """
    project = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["project"]
    source, version = project["urls"]["Source"], project["version"]

    def absolute(link: re.Match[str]) -> str:
        kind = "raw" if link["mark"] else "blob"
        return f"{link['mark']}[{link['text']}]({source}/{kind}/v{version}/{link['file']})"

    links = r"(?P<mark>!?)\[(?P<text>[^]]*)\]\((?P<file>(?!\w+:|#)[^)]+)\)"
    return re.sub(links, absolute, Path("README.md").read_text("utf-8"))


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let other builds of this tree wait: setuptools has one build folder for all of them."""
    import fcntl  # which Windows does not have

    with Path(__file__).open() as own:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(own, fcntl.LOCK_EX)
        yield


if os.name != "posix":
    raise SystemExit("gil-demo needs Linux or macOS. On Windows, work in WSL: wsl --install")

if int(numpy.__version__.partition(".")[0]) < 2:
    raise SystemExit(
        f"gil-demo is built with NumPy 2 or later, and here is {numpy.__version__}: build without"
        " --no-build-isolation. What was built runs with NumPy 1.26, too"
    )

lack = load("gil_demo/host/toolchain.py").missing()
if lack:
    raise SystemExit(lack)

WATCHED = (
    sys.platform == "linux"
    and sys.implementation.name == "cpython"
    and not sysconfig.get_config_var("Py_GIL_DISABLED")
)
"""Where the hand-overs of the GIL can be watched."""

watch = [extension("_watch", *c_files("watch"))]

with one_at_a_time():
    setup(
        options={"build_ext": {"parallel": str(os.cpu_count() or 1)}},
        long_description=readme(),
        long_description_content_type="text/markdown",
        cffi_modules=["csrc/build.py:released", "csrc/build.py:held", "csrc/build.py:patterns"],
        ext_modules=[
            extension("gilexample", "csrc/question/gilexample.c"),
            extension("gilexample_safe", "csrc/question/gilexample_safe.c"),
            extension("_guard", *c_files("guard"), "csrc/common/numpy_api.c"),
            *(watch if WATCHED else []),
        ],
    )
