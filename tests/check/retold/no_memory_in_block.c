/* api-in-block: There is no memory for the buffer, and the exception is raised before END. */

#include <Python.h>

static PyObject *read_line_before(int handle, size_t size)
{
    char *line = NULL;
    ssize_t got = -1;
    Py_BEGIN_ALLOW_THREADS
    line = malloc(size);
    if (line == NULL)
        PyErr_NoMemory();
    else
        got = read(handle, line, size);
    Py_END_ALLOW_THREADS
    return finish(line, got);
}

static PyObject *read_line_after(int handle, size_t size)
{
    char *line = NULL;
    ssize_t got = -1;
    Py_BEGIN_ALLOW_THREADS
    line = malloc(size);
    if (line != NULL)
        got = read(handle, line, size);
    Py_END_ALLOW_THREADS
    if (line == NULL)
        return PyErr_NoMemory();
    return finish(line, got);
}
