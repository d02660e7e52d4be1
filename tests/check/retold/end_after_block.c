/* leaves-block: Py_BLOCK_THREADS has taken the GIL back, and END takes it once more. */

#include <Python.h>

static int pause_before(double seconds)
{
    int failed = 0;
    Py_BEGIN_ALLOW_THREADS
    if (wait_for_seconds(seconds) != 0) {
        Py_BLOCK_THREADS
        PyErr_SetFromErrno(PyExc_OSError);
        failed = -1;
    }
    Py_END_ALLOW_THREADS
    return failed;
}

static int pause_after(double seconds)
{
    Py_BEGIN_ALLOW_THREADS
    if (wait_for_seconds(seconds) != 0) {
        Py_BLOCK_THREADS
        PyErr_SetFromErrno(PyExc_OSError);
        return -1;
    }
    Py_END_ALLOW_THREADS
    return 0;
}
