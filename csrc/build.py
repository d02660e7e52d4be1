"""Builds the C: the kernels twice from one source, gil_demo._released and _held; the patterns once.

cffi wraps each C call it makes for Python between ``Py_BEGIN_ALLOW_THREADS``
and ``Py_END_ALLOW_THREADS``. The released module keeps those two lines; the
held module blanks them after ``Python.h`` has defined them. Nothing else
differs: one compiler, the same flags, the same path from Python to C.

What Python may call is written once, in the C: the kernels' headers, and the
functions of the patterns that are not static.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy
from cffi import FFI

HERE = Path(__file__).resolve().parent

sys.path.insert(0, str(HERE.parent))  # a build does not have the folder of its project there

from gil_demo.csource.functions import interface  # noqa: E402

HELD = """
#undef Py_BEGIN_ALLOW_THREADS
#undef Py_END_ALLOW_THREADS
#define Py_BEGIN_ALLOW_THREADS {
#define Py_END_ALLOW_THREADS }
"""

SAME_ALIGNMENT = ["-falign-functions=64", "-falign-loops=64"]
"""Where a loop lies in its cache lines can double its speed, and the two modules would differ."""

OWN_API: dict[str, Any] = {"py_limited_api": False, "undef_macros": ["Py_TARGET_ABI3T"]}
"""A module's name has the version and the build of its interpreter, and no other loads it.

With Python's limited API the name would end in ``.abi3.so``. Free-threaded builds up to 3.14
load such a file, too, but its reference counts lie elsewhere:
https://docs.python.org/3/howto/free-threading-extensions.html#limited-c-api-and-stable-abi.
cffi 2.1 defines Py_TARGET_ABI3T for every module on a free-threaded 3.15, also for these, and
NumPy's headers do not compile with it.
"""

FLAGS = ["-std=c11", "-Werror=implicit-function-declaration", "-fvisibility=hidden"]
"""Only the function that Python calls to load a module is seen outside of it."""


def c_files(folder: str) -> list[str]:
    """List the C files of a folder, as setuptools wants to have them: below the top level."""
    return sorted(str(path.relative_to(HERE.parent)) for path in HERE.glob(f"{folder}/*.c"))


def headers_of(folder: str) -> list[str]:
    """List the headers after whose change the C of a folder must be compiled again."""
    return [str(path) for part in ("common", folder) for path in HERE.glob(f"{part}/*.h")]


def kernel_module(name: str, preamble: str = "") -> FFI:
    """Make a cffi builder for the kernels, with `preamble` between Python.h and the C.

    Only cffi's wrappers mention the GIL, so the preamble stands before them and no
    kernel is compiled in two ways.
    """
    builder = FFI()
    headers = [HERE / "kernels" / header for header in ("call.h", "kernels.h")]
    declarations = "\n".join(interface(header.read_text()) for header in headers)
    builder.cdef(declarations.replace("_Atomic ", ""))
    builder.set_source(
        f"gil_demo.{name}",
        preamble + '#include "kernels/kernels.h"\n',
        sources=c_files("kernels"),
        include_dirs=[str(HERE)],
        depends=headers_of("kernels"),
        extra_compile_args=[*FLAGS, "-O3", *SAME_ALIGNMENT],
        extra_link_args=["-pthread"],
        **OWN_API,
    )
    return builder


def pattern_module() -> FFI:
    """Make a cffi builder for all patterns, each file compiled by itself.

    No pattern has a header: adding one takes its C file and its page, and no edit
    elsewhere. Every function is entered with the GIL held: where a pattern releases it,
    its own C says so. The text of each file goes into the module, so that what is
    shown is what was compiled.
    """
    texts = {
        path.stem: path.read_text()
        for folder in ("patterns", "question")
        for path in sorted(HERE.glob(f"{folder}/*.c"))
    }
    lab = interface((HERE / "patterns" / "lab.h").read_text())
    declarations = "\n".join(interface(path.read_text()) for path in HERE.glob("patterns/*.c"))
    declarations += "\nint fill_numpy_api(void);\nconst char *pattern_source(const char *name);\n"
    builder = FFI()
    builder.cdef("typedef struct _object PyObject;\n" + lab.replace("_Atomic ", "") + declarations)
    builder.set_source(
        "gil_demo._patterns",
        HELD + '#include "patterns/lab.h"\n' + declarations + source_lookup(texts),
        sources=[*c_files("common"), *c_files("patterns")],
        include_dirs=[str(HERE), numpy.get_include()],
        depends=[*headers_of("patterns"), *c_files("question")],
        extra_compile_args=[*FLAGS, "-O2", "-g"],
        extra_link_args=["-pthread"],
        **OWN_API,
    )
    return builder


def source_lookup(texts: dict[str, str]) -> str:
    """Write the C of a function that gives a file's text by its stem, or NULL."""
    cases = "".join(
        f"    if (strcmp(name, {json.dumps(stem)}) == 0)\n        return {literal(text)};\n"
        for stem, text in texts.items()
    )
    return f"const char *pattern_source(const char *name)\n{{\n{cases}    return NULL;\n}}\n"


def literal(text: str) -> str:
    """Write a text as a C string literal, a line a line."""
    return "\n".join(json.dumps(line) for line in text.splitlines(keepends=True))


released = kernel_module("_released")
held = kernel_module("_held", HELD)
patterns = pattern_module()
