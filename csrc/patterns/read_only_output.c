/* C writes into memory that its owner exported for reading only.

   The unsafe half is wrong on purpose. Its page: gil-demo show read-only-output */

#include "lab.h"

/* Inverts an 8-bit image in place. Any thread, no GIL. */
static void invert(unsigned char *data, int64_t size)
{
    for (int64_t i = 0; i < size; i++)
        data[i] = 255 - data[i];
}

int read_only_output_unsafe(PyObject *image)
{
    Py_buffer view;
    /* The buffer may be read-only, but view.buf is never a pointer to const. */
    if (PyObject_GetBuffer(image, &view, PyBUF_SIMPLE) < 0)
        return -1;

    Py_BEGIN_ALLOW_THREADS
    invert(view.buf, view.len);
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&view);
    return 0;
}

int read_only_output_safe(PyObject *image)
{
    Py_buffer view;
    /* If the memory must not be written, the owner refuses and sets the exception. */
    if (PyObject_GetBuffer(image, &view, PyBUF_WRITABLE) < 0)
        return -1;

    Py_BEGIN_ALLOW_THREADS
    invert(view.buf, view.len);
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&view);
    return 0;
}
