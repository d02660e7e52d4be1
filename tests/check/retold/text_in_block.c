/* api-in-block: The arguments of the call that may take long are made from Python objects. */

#include <Python.h>

static int connect_before(PyObject *host, int port)
{
    int fd;
    Py_BEGIN_ALLOW_THREADS
    fd = open_connection(PyUnicode_AsUTF8(host), port);
    Py_END_ALLOW_THREADS
    return fd;
}

static int connect_after(PyObject *host, int port)
{
    int fd;
    const char *name = PyUnicode_AsUTF8(host);
    if (name == NULL)
        return -1;
    Py_BEGIN_ALLOW_THREADS
    fd = open_connection(name, port);
    Py_END_ALLOW_THREADS
    return fd;
}
