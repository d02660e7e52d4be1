/* A lock that no line mentions: one thread runs an initialiser that calls Python,
   another one waits, with the GIL held, until it has run.

   The unsafe half is wrong on purpose. Its page: gil-demo show hidden-lock */

#include "lab.h"

#include <pthread.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static PyObject *_Atomic make; /* the Python function that computes the factor */
static double factor;

/* Needs the GIL. The Python code that it runs may give the GIL to another thread. */
static void compute_factor(void)
{
    PyObject *result = PyObject_CallNoArgs(make);
    factor = result ? PyFloat_AsDouble(result) : -1.0;
    if (PyErr_Occurred())
        PyErr_WriteUnraisable(make);
    Py_XDECREF(result);
}

/* Any thread, no GIL. */
static double scaled_sum(const double *data, int64_t size)
{
    double total = 0.0;
    for (int64_t i = 0; i < size; i++)
        total += data[i];
    return factor * total;
}

double hidden_lock_unsafe(const double *data, int64_t size, PyObject *function,
                          int64_t step, lab *lab)
{
    double total;

    make = function;
    reach(lab, step);
    pthread_once(&once, compute_factor); /* waits, with the GIL held */
    Py_BEGIN_ALLOW_THREADS
    total = scaled_sum(data, size);
    Py_END_ALLOW_THREADS
    return total;
}

static void compute_factor_safe(void)
{
    PyGILState_STATE before = PyGILState_Ensure(); /* the order is always: once, then the GIL */
    compute_factor();
    PyGILState_Release(before);
}

double hidden_lock_safe(const double *data, int64_t size, PyObject *function,
                        int64_t step, lab *lab)
{
    double total;

    make = function;
    reach(lab, step);
    Py_BEGIN_ALLOW_THREADS
    pthread_once(&once, compute_factor_safe); /* waits without the GIL */
    total = scaled_sum(data, size);
    Py_END_ALLOW_THREADS
    return total;
}
