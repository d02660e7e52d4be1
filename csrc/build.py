"""Builds the C: the kernels twice from one source, gil_demo._released and _held; the patterns once.

cffi wraps each C call it makes for Python between ``Py_BEGIN_ALLOW_THREADS``
and ``Py_END_ALLOW_THREADS``. The released module keeps those two lines; the
held module blanks them after ``Python.h`` has defined them. Nothing else
differs: one compiler, the same flags, the same path from Python to C.

What Python may call is said once, in the C files: their typedefs, and the
functions that are not static.
"""

import json
import re
from pathlib import Path

import numpy
from cffi import FFI

HERE = Path(__file__).resolve().parent

HELD = """
#undef Py_BEGIN_ALLOW_THREADS
#undef Py_END_ALLOW_THREADS
#define Py_BEGIN_ALLOW_THREADS {
#define Py_END_ALLOW_THREADS }
"""

SAME_ALIGNMENT = ["-falign-functions=64", "-falign-loops=64"]
"""Where a loop lies in its cache lines can double its speed, and the two modules would differ."""

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


def kernel_module(name: str, preamble: str = "") -> FFI:
    """A cffi builder for the kernels, with `preamble` between Python.h and the C."""
    builder = FFI()
    builder.cdef(interface(flattened(HERE / "threads.c")))
    builder.set_source(
        f"gil_demo.{name}",
        preamble + '#include "threads.c"\n',
        include_dirs=[str(HERE)],
        depends=[str(path) for path in HERE.glob("*.[ch]")],
        extra_compile_args=["-std=c11", "-O3", *SAME_ALIGNMENT],
        extra_link_args=["-pthread"],
    )
    return builder


def pattern_module() -> FFI:
    """A cffi builder for all patterns, each file compiled by itself.

    Every function is entered with the GIL held: where a pattern releases it, its
    own C says so. The text of each file goes into the module, so that what is
    shown is what was compiled.
    """
    files = [HERE / "guard.c", HERE / "lab.c", *sorted(HERE.glob("patterns/*.c"))]
    texts = {file.stem: file.read_text() for file in files}
    declarations = "\n".join(interface(text) for text in texts.values())
    declarations += "const char *pattern_source(const char *name);"
    shown = {file.stem: file.read_text() for file in sorted(HERE.glob("gilexample*.c"))}
    builder = FFI()
    builder.cdef("typedef struct _object PyObject; typedef struct lab lab;" + declarations)
    builder.set_source(
        "gil_demo._patterns",
        HELD + "typedef struct lab lab;\n" + declarations + source_lookup(texts | shown),
        sources=[str(file.relative_to(HERE.parent)) for file in files],
        include_dirs=[str(HERE), numpy.get_include()],
        depends=[str(path) for path in [*HERE.glob("*.[ch]"), *files]],
        extra_compile_args=["-std=c11", "-O2"],
        extra_link_args=["-pthread"],
        py_limited_api=False,  # NumPy's C API and the macros of Python's are not in it
    )
    return builder


def source_lookup(texts: dict[str, str]) -> str:
    """The C of a function that gives a file's text by its stem, or NULL."""
    cases = "".join(
        f"    if (strcmp(name, {json.dumps(stem)}) == 0)\n        return {literal(text)};\n"
        for stem, text in texts.items()
    )
    return f"const char *pattern_source(const char *name)\n{{\n{cases}    return NULL;\n}}\n"


def literal(text: str) -> str:
    """A text as a C string literal, a line a line."""
    return "\n".join(json.dumps(line) for line in text.splitlines(keepends=True))


released = kernel_module("_released")
held = kernel_module("_held", HELD)
patterns = pattern_module()
