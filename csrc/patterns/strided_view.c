/* C reads a view as if its elements lay next to each other.

   The unsafe half is wrong on purpose. Its page: gil-demo show strided-view */

#include "common/numpy_api.h"
#include "lab.h"

/* Reads one element after another, from the first on. Any thread, no GIL. */
static double sum(const double *data, int64_t size, lab *lab)
{
    double total = 0.0;
    for (int64_t i = 0; i < size; i++) {
        total += data[i];
        report(lab, i + 1, size);
    }
    return total;
}

double strided_view_unsafe(PyObject *object, lab *lab)
{
    /* An aligned array of doubles may have any strides, negative ones and 0 too. */
    const int wanted = NPY_ARRAY_ALIGNED;
    PyArrayObject *array = (PyArrayObject *)PyArray_FROM_OTF(object, NPY_DOUBLE, wanted);
    if (array == NULL)
        return -1.0;
    const double *data = PyArray_DATA(array);
    const npy_intp size = PyArray_SIZE(array);
    double total;

    Py_BEGIN_ALLOW_THREADS
    total = sum(data, size, lab);
    Py_END_ALLOW_THREADS
    Py_DECREF(array);
    return total;
}

double strided_view_safe(PyObject *object, lab *lab)
{
    /* Aligned and C-contiguous: an array that is not is copied before the block. */
    const int wanted = NPY_ARRAY_IN_ARRAY;
    PyArrayObject *array = (PyArrayObject *)PyArray_FROM_OTF(object, NPY_DOUBLE, wanted);
    if (array == NULL)
        return -1.0;
    const double *data = PyArray_DATA(array);
    const npy_intp size = PyArray_SIZE(array);
    double total;

    Py_BEGIN_ALLOW_THREADS
    total = sum(data, size, lab);
    Py_END_ALLOW_THREADS
    Py_DECREF(array);
    return total;
}
