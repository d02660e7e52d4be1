/* C keeps a Python object in a static, and drops it when Python is gone.

   The unsafe half is wrong on purpose. Its page: gil-demo show after-the-end */

#include "lab.h"

#include <stdlib.h>

static PyObject *last; /* the last result, for whoever asks again */

static double sum(const double *data, int64_t size)
{
    double total = 0.0;
    for (int64_t i = 0; i < size; i++)
        total += data[i];
    return total;
}

/* The C library calls this at the end of the process. Python has shut down before:
   there is no GIL to hold. C++ destroys its static objects at the same time. */
static void drop_at_exit(void)
{
    Py_CLEAR(last);
}

/* Both are called with the GIL held, once. */
double after_the_end_unsafe(const double *data, int64_t size)
{
    double total;

    Py_BEGIN_ALLOW_THREADS
    total = sum(data, size);
    Py_END_ALLOW_THREADS
    last = PyFloat_FromDouble(total);
    atexit(drop_at_exit);
    return total;
}

double after_the_end_safe(const double *data, int64_t size)
{
    double total;

    Py_BEGIN_ALLOW_THREADS
    total = sum(data, size);
    Py_END_ALLOW_THREADS
    last = PyFloat_FromDouble(total);
    return total;
}

/* For Python's atexit, which calls it with the GIL held, before Python shuts down. */
void after_the_end_safe_drop(void)
{
    Py_CLEAR(last);
}
