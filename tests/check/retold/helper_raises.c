/* api-in-block: A helper works in the block, and raises by itself where it fails. */

#include <Python.h>

static int scan(scanner *self, const char *text, Py_ssize_t size)
{
    const int status = scanner_run(self->handle, text, size);
    if (status == SCANNER_BROKEN)
        PyErr_SetString(PyExc_RuntimeError, "the scanner gave up");
    return status;
}

static PyObject *scan_before(scanner *self, Py_buffer *view)
{
    int status;
    Py_BEGIN_ALLOW_THREADS
    status = scan(self, view->buf, view->len);
    Py_END_ALLOW_THREADS
    return status == SCANNER_BROKEN ? NULL : PyLong_FromLong(status);
}

static PyObject *scan_after(scanner *self, Py_buffer *view)
{
    int status;
    Py_BEGIN_ALLOW_THREADS
    status = scanner_run(self->handle, view->buf, view->len);
    Py_END_ALLOW_THREADS
    if (status == SCANNER_BROKEN) {
        PyErr_SetString(PyExc_RuntimeError, "the scanner gave up");
        return NULL;
    }
    return PyLong_FromLong(status);
}
