/* api-in-block: Elements that are objects are copied before END, with their reference counts. */

#include <Python.h>

static void choose_before(PyObject **to, PyObject *const *from, npy_intp size)
{
    NPY_BEGIN_THREADS_DEF;
    NPY_BEGIN_THREADS;
    for (npy_intp i = 0; i < size; i++) {
        Py_INCREF(from[i]);
        Py_XDECREF(to[i]);
        to[i] = from[i];
    }
    NPY_END_THREADS;
}

static void choose_after(PyObject **to, PyObject *const *from, npy_intp size)
{
    for (npy_intp i = 0; i < size; i++) {
        Py_INCREF(from[i]);
        Py_XDECREF(to[i]);
        to[i] = from[i];
    }
}
