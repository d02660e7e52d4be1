"""docs/free-threading.md says which of its steps the check sees, and at which level."""

from pathlib import Path

import pytest
from checking import found

pytestmark = pytest.mark.usefixtures("parser")

CODE = """\
#include <Python.h>
#include <numpy/arrayobject.h>
#include <pthread.h>
typedef struct { PyObject_HEAD Py_ssize_t n; } Thing;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static Py_ssize_t state;
void attached(void) { pthread_mutex_lock(&mutex); pthread_mutex_unlock(&mutex); }
double f(Thing *self, PyObject *list)
{
    PyArrayObject *array = (PyArrayObject *)PyList_GetItem(list, 0);
    const double *data = PyArray_DATA(array);
    double first = 0.0;
    BODY
    return first;
}
"""
"""BODY is in line 13. Another function waits for the mutex attached."""


@pytest.mark.parametrize(
    ("inside", "seen"),
    [
        ("state++;", ["shared-state advice 13"]),
        ("first = data[0];", ["borrowed-reference advice 10"]),
        ("pthread_mutex_lock(&mutex);", ["lock-order warning 13"]),
        ("self->n++;", []),
    ],
)
def test_the_check_sees_three_steps_in_blocks(inside: str, seen: list[str], tmp_path: Path) -> None:
    """State, a borrowed array, a mutex that is held at END; not the fields of an object.

    Outside a block it sees none of them, and below the level advice only the mutex.
    """
    code = CODE if "data" in inside else CODE.replace("PyArray_DATA(array)", "NULL")
    block = f"Py_BEGIN_ALLOW_THREADS {inside} Py_END_ALLOW_THREADS"
    assert found(tmp_path, code.replace("BODY", block), level="advice") == seen
    assert found(tmp_path, code.replace("BODY", inside), level="advice") == []
    warnings = [one for one in seen if "advice" not in one]
    assert found(tmp_path, code.replace("BODY", block)) == warnings
