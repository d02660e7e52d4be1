"""A lambda runs where the function that gets it calls it: with the GIL, or without."""

from pathlib import Path

import pytest
from checking import found

pytestmark = pytest.mark.usefixtures("parser")

RELEASERS = """\
template <typename F> auto without_gil(F &&f) {
    py::gil_scoped_release r; return std::forward<F>(f)();
}
template <class F> void unlocked(int n, F f) {
    PyThreadState *s = PyEval_SaveThread(); f(n); PyEval_RestoreThread(s);
}
template <class F> void invoked(F f) { py::gil_scoped_release r; std::invoke(f, 1); }
template <class F> void held(F f) { { py::gil_scoped_release r; work(); } f(); }
"""


@pytest.mark.parametrize(
    ("call", "flagged"),
    [
        ("without_gil([&] { Py_INCREF(o); });", True),
        ("unlocked(3, [&](int n) { Py_INCREF(o); });", True),
        ("invoked([&](int n) { Py_INCREF(o); });", True),
        ("held([&] { Py_INCREF(o); });", False),
        ("without_gil([&] { py::gil_scoped_acquire g; Py_INCREF(o); });", False),
        ("without_gil([&]() -> int { return work(); });", False),
    ],
)
def test_a_lambda_runs_as_the_function_that_calls_it_has_the_gil(
    call: str, flagged: bool, tmp_path: Path
) -> None:
    """C++: a function may release the GIL and call what it was handed."""
    code = f"{RELEASERS}void f(PyObject *o) {{ {call} }}\n"
    expected = ["api-in-block error 9"] if flagged else []
    assert found(tmp_path, code, name="one.cpp") == expected


@pytest.mark.parametrize(
    "releases",
    [
        "PyThreadState *s = PyEval_SaveThread(); auto b = end([&] { PyEval_RestoreThread(s); });",
        "std::shared_ptr<void> b(PyEval_SaveThread(), [](void *s) { PyEval_RestoreThread(s); });",
    ],
)
def test_a_lambda_may_take_the_gil_back_at_the_end_of_a_scope(
    releases: str, tmp_path: Path
) -> None:
    """C++: an object runs it in its destructor, so nobody can say where."""
    code = f"PyObject *f(int a) {{ {{ {releases} work(); }} return PyLong_FromLong(a); }}\n"
    assert found(tmp_path, code, name="one.cpp") == []
    here = (
        "PyObject *f() { PyThreadState *s = PyEval_SaveThread(); auto g = [&] { work(); }; g(); }"
    )
    assert found(tmp_path, here, name="one.cpp") == ["leaves-block error 1"]


def test_a_block_behind_many_lambdas_is_read(tmp_path: Path) -> None:
    """C++: the function around them is found however many begin before the block."""
    lambdas = 'm.def("g", [](int a) { return a; });\n' * 20
    code = f"void f(M m, PyObject *o) {{\n{lambdas}"
    code += "py::gil_scoped_release r;\nPy_INCREF(o);\n}\n"
    assert found(tmp_path, code, name="one.cpp") == ["api-in-block error 23"]
