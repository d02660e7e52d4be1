"""The rules are found, complete, and honest about the list of API functions."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from checking import TOP, found

from gil_demo.check import api
from gil_demo.check.rule import Rule, find, load_all
from gil_demo.errors import BadInput
from gil_demo.gallery import registry
from gil_demo.gallery.pattern import OWN_CODE
from gil_demo.report.check_page import examples, page_texts, runs_table


@pytest.mark.parametrize("rule", load_all(), ids=lambda rule: rule.name)
def test_a_rule_is_complete(rule: Rule) -> None:
    """A sentence, a page with an address, advice, and C both ways."""
    assert rule.sentence.endswith(".")
    assert "https://" in rule.page["Sources"]
    assert rule.instead.endswith(".")
    unsafe, safe = examples(rule)
    assert unsafe.strip()
    assert safe.strip()


def test_rules_are_found_by_their_files() -> None:
    """Two new files make a rule: no list has to be edited."""
    folder = Path(api.__file__).parent / "rules"
    stems = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert {rule.name.replace("-", "_") for rule in load_all()} == stems


def test_each_page_says_what_the_check_sees() -> None:
    """By its rules, which are written nowhere else; where there is none the page says why."""
    for pattern in registry.load_all():
        assert "``gil-demo check" in dict(page_texts(pattern))[OWN_CODE], pattern.name


def test_an_unknown_rule_is_refused_with_the_names_of_all() -> None:
    """Dashes and underscores are the same."""
    assert find("api_in_block") is find("api-in-block")
    with pytest.raises(BadInput, match="api-in-block"):
        find("nothing")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Py_INCREF", "needs"),
        ("PyErr_SetString", "needs"),
        ("PyMem_Malloc", "needs"),
        ("PyArray_FromAny", "needs"),
        ("PyArray_SETITEM", "needs"),
        ("PyArray_DATA", "reads"),
        ("Py_TYPE", "reads"),
        ("PyFloat_AS_DOUBLE", "reads"),
        ("PyTuple_GET_ITEM", "reads"),
        ("PyList_GET_ITEM", "needs"),
        ("PyTuple_SET_ITEM", "needs"),
        ("PyMem_RawMalloc", "free"),
        ("PyThread_acquire_lock", "free"),
        ("NpyIter_GetIterSize", "free"),
        ("printf", None),
    ],
)
def test_the_list_knows_what_a_function_needs(name: str, kind: str | None) -> None:
    """Deny by default; each exception has a reason."""
    assert api.kind_of(name) == kind
    if kind in ("free", "reads"):
        assert api.reason(name)


def test_a_field_that_never_changes_may_be_read_in_a_block(tmp_path: Path) -> None:
    """A float's value and a tuple's items stay; a list's size may be another one meanwhile."""
    code = (
        "void f(PyObject *o) {\n Py_BEGIN_ALLOW_THREADS\n use(%s(o));\n Py_END_ALLOW_THREADS\n}\n"
    )
    for name in ("PyFloat_AS_DOUBLE", "PyTuple_GET_SIZE", "PyBytes_AS_STRING", "PyFloat_Check"):
        assert found(tmp_path, code % name, "advice") == []
    assert found(tmp_path, code % "PyList_GET_SIZE", "advice") == ["header-read advice 3"]


WRAPPED = """\
#define FREE(x) do { Py_BEGIN_ALLOW_THREADS x; Py_END_ALLOW_THREADS } while (%s)
int f(int n)
{
    FREE(n = work(n));
    return n;
}
"""


def test_the_do_while_0_of_a_macro_is_no_loop(tmp_path: Path) -> None:
    """It runs once, however it is written; a condition makes a loop of it."""
    for never in ("0", "false", "(0)"):
        assert found(tmp_path, WRAPPED % never, "advice") == []
    assert found(tmp_path, WRAPPED % "n > 3", "advice") == ["block-in-loop advice 4"]


def test_the_list_is_generated_from_headers(tmp_path: Path) -> None:
    """A macro that only reads is one that reads, and one that calls through a table is not."""
    (tmp_path / "some.h").write_text(
        "PyAPI_FUNC(PyObject *) PyNew_Thing(int);\n"
        "#define PyRead_Field(x) (((some *)(x))->field)\n"
        "#define PyRead_Twice(x) (PyRead_Field(x) + PyRead_Field(x))\n"
        "#define PyMake_Thing(x) PyNew_Thing(PyRead_Field(x))\n"
        "static inline int PyRead_Inline(some *x) {\n int n = PyRead_Twice(x);\n return n;\n}\n"
        "#define PyCall_Table(x) (((some *)(x))->call)(x)\n"
        "PyAPI_FUNC(void *) PyMem_RawMalloc(size_t);\n"
    )
    assert api.generate([tmp_path]) == {
        "needs": ["PyCall_Table", "PyMake_Thing", "PyNew_Thing"],
        "reads": ["PyRead_Field", "PyRead_Inline", "PyRead_Twice"],
        "free": ["PyMem_RawMalloc"],
    }


def test_the_runs_on_the_page_are_repeated_by_the_script_that_made_them() -> None:
    """Here as there, raising without the GIL kills the process and reading a field does not."""
    script = [sys.executable, str(TOP / "docs" / "without_gil.py")]
    here = json.loads(subprocess.run(script, capture_output=True, check=True).stdout)
    page = find("api-in-block").runs
    assert here.keys() == page.keys()
    for name in ("PyErr_SetString", "PyErr_Occurred", "PyUnicode_GetLength"):
        assert set(here[name].values()) == set(page[name].values())
    assert "| `PyErr_SetString` | SIGSEGV | SIGSEGV | SIGSEGV |" in runs_table(find("api-in-block"))
