#include "lab.h"

#include <stdbool.h>
#include <string.h>

/* Reads eight bytes at a time as a double, of any type. Any thread, no GIL. */
static double sum(const double *data, int64_t size)
{
    double total = 0.0;
    for (int64_t i = 0; i < size; i++)
        total += data[i];
    return total;
}

double wrong_dtype_unsafe(PyObject *object)
{
    Py_buffer view;
    /* Asks for bytes and gets no format; ffi.from_buffer("double[]", x) asks the same. */
    if (PyObject_GetBuffer(object, &view, PyBUF_SIMPLE) < 0)
        return -1.0;
    double total;

    Py_BEGIN_ALLOW_THREADS
    total = sum(view.buf, view.len / (Py_ssize_t)sizeof(double));
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&view);
    return total;
}

double wrong_dtype_safe(PyObject *object)
{
    Py_buffer view;
    if (PyObject_GetBuffer(object, &view, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT) < 0)
        return -1.0;
    const char *format = view.format == NULL ? "B" : view.format;
    const bool aligned = (uintptr_t)view.buf % _Alignof(double) == 0;
    /* "d" is a native double. Raise now: in the block it would be a fault. */
    if (strcmp(format, "d") != 0 || !aligned) {
        PyErr_Format(PyExc_TypeError, "needs aligned format 'd', not '%s'", format);
        PyBuffer_Release(&view);
        return -1.0;
    }
    double total;

    Py_BEGIN_ALLOW_THREADS
    total = sum(view.buf, view.len / (Py_ssize_t)sizeof(double));
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&view);
    return total;
}
