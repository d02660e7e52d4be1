"""What pyproject.toml cannot say: which C modules to build, and what to do without a compiler."""

import os
import shlex
import shutil
import sysconfig
from pathlib import Path

import numpy
from setuptools import Extension, setup


def missing() -> str | None:
    """What this machine lacks to build C for Python, in one line, or None."""
    compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")[0]
    if shutil.which(compiler) is None:
        return f"gil-demo needs a C compiler, and there is no '{compiler}' here."
    headers = Path(sysconfig.get_path("include"))
    if not (headers / "Python.h").exists():
        return f"gil-demo needs the Python headers, and there is no Python.h in {headers}."
    return None


def extension(name: str, *files: str) -> Extension:
    """An extension in plain C, without cffi."""
    return Extension(
        f"gil_demo.{name}",
        list(files),
        include_dirs=["csrc", numpy.get_include()],
        depends=[str(path) for path in Path("csrc").glob("*/*.h")],
        extra_compile_args=["-std=c11", "-fvisibility=hidden", "-O2"],
    )


lack = missing()
if lack:
    raise SystemExit(
        f"{lack} On Debian or Ubuntu: apt install build-essential python3-dev;"
        " on Fedora: dnf install gcc python3-devel; on macOS: xcode-select --install"
    )

setup(
    cffi_modules=["csrc/build.py:released", "csrc/build.py:held", "csrc/build.py:patterns"],
    ext_modules=[
        extension("gilexample", "csrc/question/gilexample.c"),
        extension("gilexample_safe", "csrc/question/gilexample_safe.c"),
        extension("_guard", "csrc/guard/guard.c", "csrc/guard/module.c", "csrc/common/numpy_api.c"),
    ],
)
