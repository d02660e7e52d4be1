"""What C text has at the top level is found, and what it offers to others."""

import pytest

from gil_demo.csource.functions import function, functions, interface, items

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

static int used = MANY; /* so many */

/* Not offered. */
static double inner(double x)
{
    return x;
}

int declared(void);

double outer(const double *data,
             int64_t size)
{
    if (size > 0) {
        return inner(data[0]); /* calls */
    }

    return 0.0;
}

static const char *text(void)
{
    return "}";
}

const char *name(void) __attribute__((pure))
{
    return text();
}
"""

OFFERED = """\
typedef enum { ONE, TWO } number;
typedef struct { int64_t size; double *data; } thing;
int declared(void);
double outer(const double *data, int64_t size);
const char *name(void) __attribute__((pure));"""


def test_the_interface_is_what_is_not_static() -> None:
    """Static functions, plain structs, variables, calls and bodies stay inside."""
    assert interface(EXAMPLE) == OFFERED


def test_every_function_is_found_and_knows_whether_it_is_static() -> None:
    """Prototypes are no definitions, and braces in literals do not end a body."""
    assert [(one.name, one.static) for one in functions(EXAMPLE)] == [
        ("inner", True),
        ("outer", False),
        ("text", True),
        ("name", False),
    ]


def test_an_item_has_the_comments_that_belong_to_it() -> None:
    """The one right above, and the one behind it in the same line."""
    by_name = {name: item for item in items(EXAMPLE) for name in item.names}
    assert by_name["used"].text == "static int used = MANY; /* so many */"
    assert by_name["inner"].text.startswith("/* Not offered. */\nstatic double inner")
    assert by_name["outer"].text.startswith("double outer")


def test_items_say_what_they_declare_and_what_they_use() -> None:
    """Variables, constants, types and functions; an initial value is used, not declared."""
    by_name = {name: item for item in items(EXAMPLE) for name in item.names}
    assert {"ONE", "TWO", "number", "thing", "hidden", "used", "declared"} <= set(by_name)
    assert "MANY" not in by_name
    assert {"inner", "data", "size"} <= by_name["outer"].used


def test_lines_are_counted_in_the_whole_text() -> None:
    """They lead to the place in the file, whatever stands above."""
    found = function(EXAMPLE, "outer")
    lines = EXAMPLE.split("\n")
    assert lines[found.first_line - 1] == "double outer(const double *data,"
    assert lines[found.last_line - 1] == "}"
    assert list(found.body_lines().values()) == [
        "if (size > 0) {",
        "    return inner(data[0]);",
        "}",
        "return 0.0;",
    ]
    for number, text in found.body_lines().items():
        assert text.strip() in lines[number - 1]


def test_a_function_that_is_not_there_is_an_error() -> None:
    """A name that is only declared or only called does not do."""
    with pytest.raises(KeyError):
        function(EXAMPLE, "declared")


def test_c_inside_extern_c_is_at_the_top_level() -> None:
    """C++ says so around it."""
    source = 'extern "C" {\nint f(void) { return 1; }\n}\nint g(void) { return 2; }\n'
    assert [one.name for one in functions(source)] == ["f", "g"]


def test_macros_and_initial_values_are_no_functions() -> None:
    """Not every pair of parentheses before braces or a semicolon is one."""
    source = """\
PyDoc_STRVAR(doc, "text");
static struct PyModuleDef definition = { .m_size = f(0) };
static PyObject *sum(PyObject *Py_UNUSED(module), PyObject *args) { return NULL; }
int (*pointer)(int);
PyMODINIT_FUNC PyInit_x(void) { return PyModule_Create(&definition); }
"""
    assert [one.name for one in functions(source)] == ["sum", "PyInit_x"]
    assert interface(source) == "PyMODINIT_FUNC PyInit_x(void);"
