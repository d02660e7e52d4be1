"""C++: objects that release the GIL, or hold it, while their scope lasts."""

from pathlib import Path

import pytest
from checking import found

pytestmark = pytest.mark.usefixtures("parser")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("void f(py::object o) { py::gil_scoped_release r; work(); }", []),
        ("void f() { py::gil_scoped_release r; py::cast(1); }", ["api-in-block error 1"]),
        ("void f(PyObject *o) { { py::gil_scoped_release r; work(); } Py_DECREF(o); }", []),
        (
            "void f(PyObject *o) { py::gil_scoped_release r; { py::gil_scoped_acquire a; "
            "Py_DECREF(o); } work(); }",
            [],
        ),
        (
            "void f(PyObject *o) { py::gil_scoped_release r; Py_DECREF(o); }",
            ["api-in-block error 1"],
        ),
        ('void f(M &m) { m.def("g", [](int a) { py::gil_scoped_release r; return a; }); }', []),
    ],
)
def test_guard_objects_live_until_their_scope_ends(
    code: str, expected: list[str], tmp_path: Path
) -> None:
    """C++: what releases in its constructor takes back in its destructor."""
    assert found(tmp_path, code + "\n", name="one.cpp") == expected


@pytest.mark.parametrize(
    "members",
    [
        "PyThreadState *s; Free() { s = PyEval_SaveThread(); }",
        "PyThreadState *s; Free() : s(PyEval_SaveThread()) { }",
        "PyThreadState *s = PyEval_SaveThread();",
    ],
)
def test_own_guard_classes_are_known_however_they_are_written(members: str, tmp_path: Path) -> None:
    """In the constructor's body, in the list before it, or with a member's first value."""
    code = (
        f"struct Free {{ {members} ~Free() {{ PyEval_RestoreThread(s); }} }};\n"
        "void right(PyObject *o) { { Free free; work(); } Py_DECREF(o); }\n"
        "void wrong(PyObject *o) { Free free; Py_DECREF(o); }\n"
    )
    assert found(tmp_path, code, name="one.cpp") == ["api-in-block error 3"]


@pytest.mark.parametrize(
    "leaving",
    [
        "for (;;) { py::gil_scoped_release r; if (work()) break; }",
        "for (int i : items) { py::gil_scoped_release r; if (work(i)) break; }",
        "while (n < 3) { py::gil_scoped_release r; n += work(); if (n == 2) continue; n++; }",
        "do { if (n) { py::gil_scoped_release r; if (work()) continue; break; } } while (n);",
        "switch (n) { case 1: { py::gil_scoped_release r; work(); break; } default: n = 2; }",
        "switch (n) { default: py::gil_scoped_release r; work(); break; }",
        "{ py::gil_scoped_release r; if (work()) goto out; n = 3; } out:",
        "if (py::gil_scoped_release r; work()) n = 3;",
        "for (py::gil_scoped_release r; work(); ) { if (n) break; }",
        "switch (py::gil_scoped_release r; n) { case 1: work(); break; default: n = 2; }",
        "try { py::gil_scoped_release r; throw work(); } catch (...) { }",
    ],
)
def test_a_jump_out_of_the_scope_of_a_guard_object_ends_it(leaving: str, tmp_path: Path) -> None:
    """Its destructor runs on every way out, so the GIL is back where the jump lands."""
    code = f"void f(int n, PyObject *o) {{ {leaving} Py_DECREF(o); }}\n"
    assert found(tmp_path, code, "advice", "one.cpp") == []


@pytest.mark.parametrize(
    "staying",
    [
        "py::gil_scoped_release r; for (;;) { if (work()) break; }",
        "py::gil_scoped_release r; switch (n) { case 1: work(); break; default: n = 2; }",
        "py::gil_scoped_release r; { if (work()) goto out; n = 3; } out:",
    ],
)
def test_a_jump_inside_of_the_scope_of_a_guard_object_does_not_end_it(
    staying: str, tmp_path: Path
) -> None:
    """Where the jump lands, the object is still there."""
    code = f"void f(int n, PyObject *o) {{ {staying} Py_DECREF(o); }}\n"
    assert found(tmp_path, code, name="one.cpp") == ["api-in-block error 1"]
