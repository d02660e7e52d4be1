"""What pyproject.toml cannot say: which C modules to build, and what to do without a compiler."""

import sys
import sysconfig
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


NUMPY_1: list[tuple[str, str | None]] = (
    [("PyArray_ImportNumPyAPI", "_import_array")] if numpy.__version__ < "2" else []
)
"""A function of NumPy 2, and its name before."""


def extension(name: str, *files: str) -> Extension:
    """An extension in plain C, without cffi."""
    return Extension(
        f"gil_demo.{name}",
        list(files),
        include_dirs=["csrc", numpy.get_include()],
        define_macros=NUMPY_1,
        depends=[str(path) for path in Path("csrc").glob("*/*.h")],
        # -g: gil-demo guard names the line of a faulty access
        extra_compile_args=["-std=c11", "-fvisibility=hidden", "-O2", "-g"],
        extra_link_args=["-pthread"],
    )


def c_files(folder: str) -> list[str]:
    """The C files of a folder below csrc."""
    return sorted(str(path) for path in Path("csrc", folder).glob("*.c"))


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

setup(
    cffi_modules=["csrc/build.py:released", "csrc/build.py:held", "csrc/build.py:patterns"],
    ext_modules=[
        extension("gilexample", "csrc/question/gilexample.c"),
        extension("gilexample_safe", "csrc/question/gilexample_safe.c"),
        extension("_guard", *c_files("guard"), "csrc/common/numpy_api.c"),
        *(watch if WATCHED else []),
    ],
)
