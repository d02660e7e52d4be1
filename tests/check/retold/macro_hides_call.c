/* api-in-block: A macro looks like plain C and raises an exception. */

#include <Python.h>

#define FAIL_IF(condition, text) \
    do { \
        if (condition) \
            PyErr_SetString(PyExc_RuntimeError, text); \
    } while (0)

static void send_before(channel *to, const char *text)
{
    int code;
    Py_BEGIN_ALLOW_THREADS
    code = channel_send(to, text);
    FAIL_IF(code < 0, "not sent");
    Py_END_ALLOW_THREADS
}

static void send_after(channel *to, const char *text)
{
    int code;
    Py_BEGIN_ALLOW_THREADS
    code = channel_send(to, text);
    Py_END_ALLOW_THREADS
    FAIL_IF(code < 0, "not sent");
}
