/* unchecked-arguments: The object may have no buffer, and the block reads one all the same. */

#include <Python.h>

static unsigned checksum_before(PyObject *object)
{
    Py_buffer view;
    unsigned sum;
    PyObject_GetBuffer(object, &view, PyBUF_SIMPLE);
    Py_BEGIN_ALLOW_THREADS
    sum = checksum(view.buf, view.len);
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&view);
    return sum;
}

static unsigned checksum_after(PyObject *object)
{
    Py_buffer view;
    unsigned sum;
    if (PyObject_GetBuffer(object, &view, PyBUF_SIMPLE) < 0)
        return 0;
    Py_BEGIN_ALLOW_THREADS
    sum = checksum(view.buf, view.len);
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&view);
    return sum;
}
