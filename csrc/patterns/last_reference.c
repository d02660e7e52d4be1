/* C drops the last reference inside the block, so the object's destructor runs
   without the GIL.

   The unsafe half is wrong on purpose. Its page: gil-demo show last-reference */

#include "common/numpy_api.h"
#include "lab.h"

/* Any thread, no GIL. */
static double sum(const double *data, npy_intp size)
{
    double total = 0.0;
    for (npy_intp i = 0; i < size; i++)
        total += data[i];
    return total;
}

/* Returns -1.0 with an exception set if the argument cannot be converted. */
double last_reference_unsafe(PyObject *numbers)
{
    /* A new reference: to the argument itself, or to a copy that only we own. */
    PyObject *array = PyArray_FROM_OTF(numbers, NPY_DOUBLE, NPY_ARRAY_IN_ARRAY);
    if (array == NULL)
        return -1.0;
    const double *data = PyArray_DATA((PyArrayObject *)array);
    const npy_intp size = PyArray_SIZE((PyArrayObject *)array);
    double total;

    Py_BEGIN_ALLOW_THREADS
    total = sum(data, size);
    Py_DECREF(array); /* one line too early: of a copy, this is the last reference */
    Py_END_ALLOW_THREADS
    return total;
}

/* Returns -1.0 with an exception set if the argument cannot be converted. */
double last_reference_safe(PyObject *numbers)
{
    PyObject *array = PyArray_FROM_OTF(numbers, NPY_DOUBLE, NPY_ARRAY_IN_ARRAY);
    if (array == NULL)
        return -1.0;
    const double *data = PyArray_DATA((PyArrayObject *)array);
    const npy_intp size = PyArray_SIZE((PyArrayObject *)array);
    double total;

    Py_BEGIN_ALLOW_THREADS
    total = sum(data, size);
    Py_END_ALLOW_THREADS
    Py_DECREF(array); /* with the GIL again */
    return total;
}
