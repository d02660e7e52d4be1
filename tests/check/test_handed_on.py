"""What one function releases or takes so that another takes it back."""

from pathlib import Path

import pytest
from checking import found

pytestmark = pytest.mark.usefixtures("parser")


@pytest.mark.parametrize(
    "keep",
    ["set_private(state, key);", "set_private(key, state);", "*kept = state;", "push(&state);"],
)
def test_a_thread_state_that_is_handed_to_another_function_may_leave(
    keep: str, tmp_path: Path
) -> None:
    """Its partner takes it from there and restores it."""
    code = f"void f(void *kept) {{ PyThreadState *state; state = PyEval_SaveThread(); {keep} }}\n"
    assert found(tmp_path, code) == []


@pytest.mark.parametrize("asks", ["if (state) work();", "work();", "PyThreadState_GetID(state);"])
def test_a_thread_state_that_stays_in_the_function_may_not_leave(asks: str, tmp_path: Path) -> None:
    """Nobody else can restore it."""
    code = f"void f(int a) {{ PyThreadState *state = PyEval_SaveThread(); {asks} }}\n"
    assert "leaves-block error 1" in found(tmp_path, code)


ENSURES = """\
void *f(int mine)
{
    PyGILState_STATE state = PyGILState_Ensure();
    work();
    PyGILState_Release(state);
    if (mine) {
        other = take();
    } else {
        %s
    }
    return other;
}
"""


def test_an_ensure_whose_result_is_not_kept_may_leave(tmp_path: Path) -> None:
    """The function takes the GIL for its caller, as programs that embed Python do."""
    assert found(tmp_path, ENSURES % "PyGILState_Ensure();") == []
    assert found(tmp_path, ENSURES % "state = PyGILState_Ensure();") == ["leaves-block warning 11"]


@pytest.mark.parametrize("head", ["while (i < n)", "for (i = 0; i < n; i++)"])
def test_a_macro_may_begin_a_loop(head: str, tmp_path: Path) -> None:
    """What is nested in it does not take the block's END away."""
    code = f"""\
#define TURNS {head}
#define STEP for (k = m; k > -1; k--) {{ p++; }} i++;
#define BEGIN Py_BEGIN_ALLOW_THREADS {{
#define END ;}} Py_END_ALLOW_THREADS
REDUCE(sum, double) {{
    double total = 0;
    BEGIN
    TURNS {{
        TURNS {{
            total += *p;
        }}
        STEP
    }}
    END
    return PyFloat_FromDouble(total);
}}
"""
    assert found(tmp_path, code) == []


FREES = """\
void f(object *data)
{
    PyGILState_STATE state = 0;
    PyThreadState *_save = NULL;
    int lives = Py_IsInitialized();
    if (lives) {
        state = PyGILState_Ensure();
        Py_DECREF(data->type);
        Py_UNBLOCK_THREADS
    }
    work(data);
    if (%s) {
        Py_BLOCK_THREADS
        PyGILState_Release(state);
    }
}
"""


@pytest.mark.parametrize("asks", ["lives && Py_IsInitialized ()", "lives && !Py_IsFinalizing()"])
def test_without_an_interpreter_nothing_has_to_be_taken_back(asks: str, tmp_path: Path) -> None:
    """Memory may be freed after Python has ended, and the GIL ended with it."""
    assert found(tmp_path, FREES % asks) == []
    assert found(tmp_path, FREES % "lives && work(0)") == [
        "leaves-block warning 16",
        "leaves-block warning 16",
    ]
