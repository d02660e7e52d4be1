/* C keeps the address of a callback, and Python drops the object behind it.

   The unsafe half is wrong on purpose. Its page: gil-demo show callback-collected */

#include "lab.h"

static double (*callback)(double);
static PyObject *keeper; /* what keeps the callback alive, in the safe half */

/* The sum of function(x) over all elements. Called with the GIL held here; a callback
   of ctypes or cffi takes the GIL itself, so it could be called without it. */
static double sum_of_results(double (*function)(double), const double *data, int64_t size)
{
    double total = 0.0;
    for (int64_t i = 0; i < size; i++)
        total += function(data[i]);
    return total;
}

/* An address of code, and nothing that keeps the code there. */
void callback_collected_unsafe_register(double (*function)(double))
{
    callback = function;
}

double callback_collected_unsafe_apply(const double *data, int64_t size)
{
    return sum_of_results(callback, data, size);
}

/* `owner` is the Python object that the address belongs to. */
void callback_collected_safe_register(double (*function)(double), PyObject *owner)
{
    Py_INCREF(owner);
    callback = function;
    Py_XSETREF(keeper, owner); /* only now drops the owner of the callback before */
}

/* Returns 0.0 if no callback is registered. */
double callback_collected_safe_apply(const double *data, int64_t size)
{
    if (callback == NULL)
        return 0.0;
    PyObject *owner = Py_XNewRef(keeper); /* the callback may register another one */
    const double total = sum_of_results(callback, data, size);
    Py_XDECREF(owner);
    return total;
}

/* After this C does not call it any more. */
void callback_collected_safe_unregister(void)
{
    callback = NULL;
    Py_CLEAR(keeper);
}
