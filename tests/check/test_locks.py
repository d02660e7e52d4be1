"""The check knows locks: what they guard, and which of them can be part of a deadlock."""

import textwrap
from pathlib import Path

import pytest
from checking import found

pytestmark = pytest.mark.usefixtures("parser")

PTHREAD = "pthread_mutex_lock", "pthread_mutex_unlock"
CPYTHON = "PyMutex_Lock", "PyMutex_Unlock"

GUARDED = """
    static int used;
    void f(void) {
        Py_BEGIN_ALLOW_THREADS
        LOCK(&mutex);
        used++;
        UNLOCK(&mutex);
        Py_END_ALLOW_THREADS
    }"""

KEPT = """
    static lock_type mutex;
    void f(void) {
        Py_BEGIN_ALLOW_THREADS
        LOCK(&mutex);
        Py_END_ALLOW_THREADS
        UNLOCK(&mutex);
    }
    PyObject *g(PyObject *self, PyObject *none) {
        LOCK(&mutex);
        UNLOCK(&mutex);
        Py_RETURN_NONE;
    }"""


def with_calls(code: str, lock: str, unlock: str) -> str:
    """The code with the calls of one kind of lock."""
    return textwrap.dedent(code).replace("UNLOCK", unlock).replace("LOCK", lock)


@pytest.mark.parametrize("calls", [PTHREAD, CPYTHON], ids=lambda calls: calls[0])
def test_a_lock_in_the_block_guards_a_static_variable(
    calls: tuple[str, str], tmp_path: Path
) -> None:
    """Also the one that CPython has."""
    assert found(tmp_path, with_calls(GUARDED, *calls), "advice") == []


@pytest.mark.parametrize(
    ("calls", "flagged"), [(CPYTHON, 0), (PTHREAD, 1)], ids=["CPython's", "pthread's"]
)
def test_a_thread_that_detaches_to_wait_is_part_of_no_deadlock(
    calls: tuple[str, str], flagged: int, tmp_path: Path
) -> None:
    """A PyMutex may be kept through END, and awaited with the GIL."""
    assert len(found(tmp_path, with_calls(KEPT, *calls), "advice")) == flagged
