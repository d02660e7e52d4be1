/* api-in-block: A macro runs the statement that it is given without the GIL, and the statement raises. */

#include <Python.h>

#define WHILE_LOCKED(self, statement) \
    do { \
        Py_BEGIN_ALLOW_THREADS \
        mutex_lock(&(self)->mutex); \
        statement; \
        mutex_unlock(&(self)->mutex); \
        Py_END_ALLOW_THREADS \
    } while (0)

static int failure(int code)
{
    if (!PyErr_Occurred())
        PyErr_Format(PyExc_ValueError, "error %d of the library", code);
    return -1;
}

static int add(checksum *self, const void *data, size_t size)
{
    const int code = checksum_add(self->handle, data, size);
    return code ? failure(code) : 0;
}

static PyObject *update_before(checksum *self, Py_buffer *view)
{
    int failed;
    WHILE_LOCKED(self, failed = add(self, view->buf, view->len));
    if (failed)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *update_after(checksum *self, Py_buffer *view)
{
    int code;
    WHILE_LOCKED(self, code = checksum_add(self->handle, view->buf, view->len));
    if (code) {
        failure(code);
        return NULL;
    }
    Py_RETURN_NONE;
}
