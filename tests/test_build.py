"""What Python may call is said once, in the C, and the build reads it there."""

import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from gil_demo.native import kernels

CSRC = Path(__file__).parent.parent / "csrc"


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


def skeleton(source: str) -> str:
    """C without comments, preprocessor lines, and what stands in braces."""
    source = re.sub(r"/\*.*?\*/", "", source, flags=re.DOTALL)
    source = re.sub(r"^#.*(\\\n.*)*$", "", source, flags=re.MULTILINE)
    while (emptied := re.sub(r"\{[^{}]*\}", "<>", source)) != source:
        source = emptied
    return source


def functions(source: str) -> list[tuple[bool, str]]:
    """Every function that a C text defines: whether it is static, and its name."""
    found = re.findall(r"([\w\s*]*?)(\w+)\s*\([^()]*\)\s*<>", skeleton(source))
    return [("static" in before.split(), name) for before, name in found]


def typedefs(source: str) -> list[str]:
    """Every name that a C text gives to a type."""
    return re.findall(r"\btypedef\b[^;]*?(\w+)\s*;", skeleton(source))


def declared(interface: str) -> tuple[list[str], list[str]]:
    """The functions and the types of an interface."""
    return re.findall(r"(\w+)\([^()]*\);", interface), re.findall(r"\} (\w+);", interface)


def test_the_headers_declare_what_the_c_does_not_keep_to_itself(build: ModuleType) -> None:
    """Python may call every function that is not static, and knows every type, and no more."""
    functions_declared, types_declared = declared(build.interface(kernels_text("h")))
    defined = functions(kernels_text("c"))
    assert sorted(functions_declared) == sorted(name for static, name in defined if not static)
    assert types_declared == typedefs(kernels_text("h"))
    assert {name for static, name in defined if static} >= {"add", "one_pass"}


def test_the_modules_offer_the_interface(build: ModuleType) -> None:
    """What the C declares is what the built modules have, held and released alike."""
    functions_declared, _ = declared(build.interface(kernels_text("h")))
    for module in {id(one): one for one in kernels._MODULES.values()}.values():
        constants = {name.upper() for name in kernels.kernels()}
        assert set(dir(module.lib)) == {*functions_declared, *constants}


EXAMPLE = """\
#include <math.h>

/* int in_a_comment(int x)
{ */
typedef enum { ONE, TWO } number;

typedef struct {
    int64_t size;
    double *data;
} thing;

struct hidden {
    int x;
};

static double inner(double x)
{
    return x;
}

double outer(const double *data,
             int64_t size)
{
    if (size > 0) {
        return inner(data[0]);
    }
    return 0.0;
}

static const char *text(void)
{
    return "";
}

const char *name(void)
{
    return text();
}
"""


OFFERED = """
typedef enum { ONE, TWO } number;
typedef struct { int64_t size; double *data; } thing;
double outer(const double *data, int64_t size);
const char *name(void);
"""


def test_only_what_is_offered_is_read(build: ModuleType) -> None:
    """Static functions, plain structs, calls and bodies stay inside; long signatures are whole."""
    assert build.interface(EXAMPLE).split() == OFFERED.split()


def test_held_and_released_differ_in_two_macros(build: ModuleType) -> None:
    """The held module has the same C as the released one, and blanks the macros before it."""
    (_, held, *_), (_, released, *_) = (
        getattr(build, name)._assigned_source for name in ("held", "released")
    )
    assert held == build.HELD + released
    assert re.findall(r"#define (\w+) (\S)", build.HELD) == [
        ("Py_BEGIN_ALLOW_THREADS", "{"),
        ("Py_END_ALLOW_THREADS", "}"),
    ]
