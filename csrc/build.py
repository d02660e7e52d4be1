"""Builds the C twice from one source: gil_demo._released and gil_demo._held.

cffi wraps each C call it makes for Python between ``Py_BEGIN_ALLOW_THREADS``
and ``Py_END_ALLOW_THREADS``. The released module keeps those two lines; the
held module blanks them after ``Python.h`` has defined them. Nothing else
differs: one compiler, the same flags, the same path from Python to C.

What Python may call is said once, in the C files: their typedefs, and the
functions that are not static.
"""

import re
from pathlib import Path

from cffi import FFI

HERE = Path(__file__).resolve().parent

HELD = """
#undef Py_BEGIN_ALLOW_THREADS
#undef Py_END_ALLOW_THREADS
#define Py_BEGIN_ALLOW_THREADS {
#define Py_END_ALLOW_THREADS }
"""

TYPE = r"^typedef (?:struct|enum) \{[^}]*\} \w+;"
FUNCTION = r"^(?!static|typedef)\w[\w *]*\([^{};]*\)(?=\n\{)"


def flattened(path: Path) -> str:
    """The text of a C file with the files it includes from beside it."""

    def included(match: re.Match[str]) -> str:
        return flattened(path.with_name(match[1]))

    return re.sub(r'^#include "(.+)"$', included, path.read_text(), flags=re.MULTILINE)


def interface(source: str) -> str:
    """The declarations that cffi needs: the types and the functions that are not static."""
    types = re.findall(TYPE, source, flags=re.MULTILINE)
    functions = re.findall(FUNCTION, source, flags=re.MULTILINE)
    return "\n".join(types + [function + ";" for function in functions])


def module(name: str, preamble: str = "") -> FFI:
    """A cffi builder for the kernels, with `preamble` between Python.h and the C."""
    builder = FFI()
    builder.cdef(interface(flattened(HERE / "threads.c")))
    builder.set_source(
        f"gil_demo.{name}",
        preamble + '#include "threads.c"\n',
        include_dirs=[str(HERE)],
        depends=[str(path) for path in HERE.glob("*.[ch]")],
        extra_compile_args=["-std=c11", "-O3"],
        extra_link_args=["-pthread"],
    )
    return builder


released = module("_released")
held = module("_held", HELD)
