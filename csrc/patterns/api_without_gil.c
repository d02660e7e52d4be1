/* C calls Python's C API inside the block, where this thread does not hold the
   GIL.

   The unsafe half is wrong on purpose. Its page: gil-demo show api-without-gil */

#include "lab.h"

static double sum(const double *data, int64_t size, lab *lab)
{
    double total = 0.0;
    for (int64_t i = 0; i < size; i++) {
        total += data[i];
        report(lab, i + 1, size);
    }
    return total;
}

/* For a thread that holds the GIL: it makes an object and changes another. */
static int append(PyObject *list, double value)
{
    PyObject *number = PyFloat_FromDouble(value);
    if (number == NULL)
        return -1;
    const int error = PyList_Append(list, number);
    Py_DECREF(number);
    return error;
}

int api_without_gil_unsafe(const double *data, int64_t size, PyObject *list, lab *lab)
{
    double total;
    int error;

    Py_BEGIN_ALLOW_THREADS
    total = sum(data, size, lab);
    error = append(list, total); /* one line too early: the GIL is not ours here */
    Py_END_ALLOW_THREADS
    return error;
}

int api_without_gil_safe(const double *data, int64_t size, PyObject *list, lab *lab)
{
    double total;
    int error;

    Py_BEGIN_ALLOW_THREADS
    total = sum(data, size, lab);
    Py_END_ALLOW_THREADS
    error = append(list, total); /* with the GIL again */
    return error;
}
